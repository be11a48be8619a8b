// A person whose erasure is decided and approved, the two who do it, and the keys it is about.
#pragma once

#include <chrono>
#include <future>
#include <string>

#include "caseledger/v1/admin.pb.h"
#include "caseledger/v1/privacy.pb.h"
#include "tests/integration/privacy/privacy_fixture.h"

namespace caseledger::testing {

inline const Who kOfficer{"hoa", "so-qn", "privacy_officer", "data-subject-request"};
inline const Who kSecondOfficer{"binh", "so-qn", "privacy_officer", "data-subject-request"};

inline constexpr char kErased[] = "state: SEAL_STATE_ERASED";

class ErasureOfAPerson : public PrivacyTest {
 protected:
  // A person whose name is `name`, with a document and a note of a call about them.
  std::string Register(const std::string& name) {
    Client client(cast_, kPrivacyLedger);
    const std::string person = NewUuid();
    client.Record(person,
                  "person_registered { attributes { sex: 'female' private_part { "
                  "full_name: '" +
                      name + "' } } }");
    client.Record(person,
                  "identifier_attached { identifier_id: 'a' identifier_kind: 'citizen_id' "
                  "private_part { number: '022190001234' } }");
    client.Record(NewUuid(), "contact_received { channel: 'phone' note { text: 'call of " + name +
                                 "' about_person_ids: '" + person + "' } }");
    return person;
  }
  void Prepare(const std::string& person) {
    Client client(cast_, kPrivacyLedger);
    client.Record(person,
                  "data_request_received { request_id: 'r' request_kind: 'erasure' "
                  "asked_by: 'self' channel: 'letter' }");
    As(kOfficer, person, "erasure_decided { request_id: 'r' }");
    As(kSecondOfficer, person, "erasure_approved { request_id: 'r' }");
  }
  void As(const Who& who, const std::string& person, const std::string& fact) {
    Client client(cast_, kPrivacyLedger, who);
    const auto done = client.Send(CommandOf(person, fact));
    ASSERT_TRUE(done.ok()) << fact << ": " << done.status.error_message();
  }
  void Erase(const std::string& person) {
    As(kOfficer, person, "person_erased { request_id: 'r' }");
  }

  v1::GetVaultResponse Vault() {
    Client administrator(cast_, kPrivacyLedger, Cast::Administrator());
    const auto answer =
        administrator.Call<v1::GetVaultResponse>("AdminService/GetVault", v1::GetVaultRequest());
    EXPECT_TRUE(answer.ok()) << answer.status.error_message();
    return answer.value;
  }
  v1::GetErasureResponse Erasure(const std::string& person) {
    Client officer(cast_, kPrivacyLedger, kOfficer);
    v1::GetErasureRequest request;
    request.set_person_id(person);
    const auto answer = officer.Call<v1::GetErasureResponse>("PrivacyService/GetErasure", request);
    EXPECT_TRUE(answer.ok()) << answer.status.error_message();
    return answer.value;
  }
  // Asks for a change of wrapping keys, and kills the server so long after that.
  void RotateAndKillAfter(std::chrono::microseconds pause) {
    Client administrator(cast_, kPrivacyLedger, Cast::Administrator());
    administrator.EventCount();  // it is connected
    auto asked = std::async(std::launch::async, [&] {
      return administrator
          .Call<v1::RotateWrappingKeyResponse>("AdminService/RotateWrappingKey",
                                               v1::RotateWrappingKeyRequest())
          .ok();
    });
    // No condition to wait for: any moment will do.
    std::promise<void>().get_future().wait_for(pause);
    Kill();
    asked.get();
  }
};

}  // namespace caseledger::testing
