// Streams that were open before somebody was erased.
#include <gmock/gmock.h>

#include "caseledger/v1/privacy.pb.h"
#include "tests/integration/support/server_fixture.h"
#include "tests/integration/support/subscriber.h"

namespace caseledger::testing {
namespace {

const Who kOfficer{"hoa", "so-qn", "privacy_officer", "data-subject-request"};
const Who kSecondOfficer{"binh", "so-qn", "privacy_officer", "data-subject-request"};
constexpr char kName[] = "Vũ Thị Xóa";

class OpenStreams : public ServerTest {
 protected:
  void As(const Who& who, const std::string& person, const std::string& fact) {
    const Client officer(cast(), "", who);
    const auto done = officer.Send(CommandOf(person, fact));
    ASSERT_TRUE(done.ok()) << fact << ": " << done.status.error_message();
  }
  // More than a connection holds for a client that does not read.
  void RecordLongContacts() {
    const std::string note(20'000, 'x');
    for (int i = 0; i < 400; ++i) {
      client().Record("", "contact_received { channel: 'sms' note { text: '" + note + "' } }");
    }
  }
  void Erase(const std::string& person) {
    client().Record(person,
                    "data_request_received { request_id: 'r' request_kind: 'erasure' "
                    "asked_by: 'self' channel: 'letter' }");
    As(kOfficer, person, "erasure_decided { request_id: 'r' }");
    As(kSecondOfficer, person, "erasure_approved { request_id: 'r' }");
    As(kOfficer, person, "person_erased { request_id: 'r' }");
    const Client officer(cast(), "", kOfficer);
    v1::GetErasureRequest request;
    request.set_person_id(person);
    ASSERT_TRUE(Eventually([&] {
      return officer.Call<v1::GetErasureResponse>("PrivacyService/GetErasure", request)
                 .value.stage() == v1::ERASURE_STAGE_KEYS_DESTROYED;
    }));
  }
};

TEST_F(OpenStreams, TellNothingOfWhoWasErasedMeanwhile) {
  const uint64_t head = client().EventCount();
  Subscriber subscriber(auditor(), head);
  while (subscriber.caught_up == 0) ASSERT_TRUE(subscriber.ReadOne());
  RecordLongContacts();
  const std::string person =
      client()
          .Record("", std::string("person_registered { attributes { sex: 'female' private_part { "
                                  "full_name: '") +
                          kName + "' } } }")
          .record_id();
  Subscriber late(auditor(), client().EventCount() - 1);
  ASSERT_TRUE(late.ReadUntil(client().EventCount()));
  ASSERT_NE(late.events.back().Utf8DebugString().find(kName), std::string::npos)
      << "before the erasure it is told";
  Erase(person);

  ASSERT_TRUE(subscriber.ReadUntil(client().EventCount()));
  bool seen = false;
  for (const v1::RecordedEvent& event : subscriber.events) {
    const std::string text = event.Utf8DebugString();
    EXPECT_EQ(text.find(kName), std::string::npos);
    if (!event.fact().has_person_registered()) continue;
    seen = true;
    EXPECT_NE(text.find("SEAL_STATE_ERASED"), std::string::npos);
  }
  EXPECT_TRUE(seen);
}

}  // namespace
}  // namespace caseledger::testing
