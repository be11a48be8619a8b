// Servers killed in the middle of erasures in the sample, of its own people and then of others who
// come: nothing of the person is left in any file or answer, and nothing of an erasure that was not
// recorded is missing.
//
//   privacy_kill_test [--kills N] [--seed N]
//
//   --kills N  goes on until so many kills came between the fence and the end of an erasure;
//              default 8, the long form has 60
#include <chrono>
#include <cstdlib>
#include <future>
#include <memory>
#include <random>

#include "caseledger/v1/person.pb.h"
#include "caseledger/v1/privacy.pb.h"
#include "projections/read_model/rocksdb/store_keys.h"
#include "rocksdb/db.h"
#include "tests/integration/privacy/sample_erasures.h"
#include "tests/integration/privacy/scan.h"
#include "tests/support/test_flags.h"

namespace caseledger::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

int kills = 8;
uint64_t seed = 0;

// When to kill, after the command was sent: closer to where kills came in the middle before.
class Aim {
 public:
  explicit Aim(uint64_t from) : random_(from) {}

  std::chrono::microseconds Next() {
    std::uniform_real_distribution<double> factor(0.5, 1.5);
    return std::chrono::microseconds(static_cast<int64_t>(center_ * factor(random_)));
  }
  void TooEarly() { center_ = center_ * 1.15 + 50; }
  void TooLate() { center_ *= 0.87; }

 private:
  std::mt19937_64 random_;
  double center_ = 4'000;
};

struct Tally {
  int before_fence = 0;
  int in_the_middle = 0;  // the fence is recorded, something is left to be done
  int keys_there = 0;     // of these: keys are not all destroyed
  int purge_due = 0;      // of these: what read models deleted may be in their files still
  int after_end = 0;
  int rounds() const { return before_fence + in_the_middle + after_end; }
};

class KilledErasures : public ErasuresInTheSample {
 protected:
  // Sends the erasure and kills the server after `delay`. Whether the command was answered.
  bool EraseAndKill(const SamplePerson& person, std::chrono::microseconds delay) {
    const Client officer(cast_, kPrivacyLedger, kOfficer);
    officer.EventCount();  // it is connected
    const v1::Command command = CommandOf(person.id, "person_erased { request_id: 'r' }");
    auto sent = std::async(std::launch::async, [&] { return officer.Send(command).ok(); });
    // No condition to wait for: any moment will do.
    sent.wait_for(delay);
    Kill();
    return sent.get();
  }

  // Rows are deleted, but their bytes may be in the read models' files still.
  bool PurgeIsDue() const {
    rocksdb::DB* opened = nullptr;
    const rocksdb::Status status =
        rocksdb::DB::OpenForReadOnly(rocksdb::Options(), data_dir_ + "/read-models", &opened);
    EXPECT_TRUE(status.ok()) << status.ToString();
    if (!status.ok()) return false;
    const std::unique_ptr<rocksdb::DB> store(opened);
    const std::unique_ptr<rocksdb::Iterator> row(store->NewIterator(rocksdb::ReadOptions()));
    const std::string_view prefix = projections::kPurgePrefix;
    row->Seek(rocksdb::Slice(prefix.data(), prefix.size()));
    return row->Valid() && row->key().ToStringView().starts_with(prefix);
  }

  size_t Finds(const v1::SearchPersonsRequest& asked) {
    const Client officer(cast_, kPrivacyLedger, kOfficer);
    v1::SearchPersonsRequest request = asked;
    request.set_min_position(officer.EventCount() - 1);
    const auto answer =
        officer.Call<v1::SearchPersonsResponse>("PersonService/SearchPersons", request);
    EXPECT_TRUE(answer.ok()) << answer.status.error_message();
    return static_cast<size_t>(answer.value.persons_size());
  }

  // What was written of nobody else: others of the sample may have the same name.
  static std::vector<std::string> OwnTexts(const SamplePerson& person) {
    return {person.number, person.note, person.safe_contact};
  }

  void ExpectWhollyGone(const SamplePerson& person) {
    const std::string everything = Everything();
    for (const std::string& text : OwnTexts(person)) EXPECT_THAT(everything, Not(HasSubstr(text)));
    v1::SearchPersonsRequest by_number;
    by_number.set_identity_number(person.number);
    EXPECT_EQ(Finds(by_number), 0U);
    v1::GetErasureRequest request;
    request.set_person_id(person.id);
    const auto erasure = Client(cast_, kPrivacyLedger, kOfficer)
                             .Call<v1::GetErasureResponse>("PrivacyService/GetErasure", request);
    EXPECT_EQ(erasure.value.stage(), v1::ERASURE_STAGE_KEYS_DESTROYED);
    EXPECT_EQ(erasure.value.remaining_keys(), 0U);
  }

  void ExpectWhollyThere(const SamplePerson& person) {
    const std::string everything = Everything();
    for (const std::string& text : OwnTexts(person)) EXPECT_THAT(everything, HasSubstr(text));
    EXPECT_THAT(everything, HasSubstr(person.name));
  }

  // After the kill, before the next start and after it.
  void Judge(const SamplePerson& person, bool answered, Aim& aim) {
    const bool keys_destroyed =
        server_->process().err().find("a person was erased") != std::string::npos;
    const bool purge_due = PurgeIsDue();
    ExpectNothingFound(ScanFor(traces_.texts(), directory_.path()));
    Start();
    const bool recorded = Everything().find(person.note) == std::string::npos;
    EXPECT_TRUE(recorded || !answered);
    if (!recorded) {
      ++tally_.before_fence;
      aim.TooEarly();
      ExpectWhollyThere(person);
      Erase(person.id);
      EXPECT_TRUE(Eventually([&] { return Everything().find(person.note) == std::string::npos; }));
    } else if (!keys_destroyed || purge_due) {
      ++tally_.in_the_middle;
      tally_.keys_there += keys_destroyed ? 0 : 1;
      tally_.purge_due += purge_due ? 1 : 0;
    } else {
      ++tally_.after_end;
      aim.TooLate();
    }
    ExpectWhollyGone(person);
  }

  Traces traces_ = TracesOfTheSample();
  Tally tally_;
};

TEST_F(KilledErasures, LeaveNothingInAnyFileOrAnswer) {
  const int most_rounds = 12 * kills + 20;
  Import();
  Aim aim(seed);
  while (tally_.in_the_middle < kills && tally_.rounds() < most_rounds && !HasFailure()) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ", round " << tally_.rounds());
    // Of the sample itself few can be erased: most have a case that is open.
    const std::optional<SamplePerson> next = PrepareNext();
    const SamplePerson person = next.has_value() ? *next : PrepareAnother();
    AddTraces(person, traces_);
    const bool answered = EraseAndKill(person, aim.Next());
    Judge(person, answered, aim);
  }
  std::printf(
      "%d kills: %d before the fence, %d in the middle (%d with keys, %d with bytes to destroy), "
      "%d after the end\n",
      tally_.rounds(), tally_.before_fence, tally_.in_the_middle, tally_.keys_there,
      tally_.purge_due, tally_.after_end);
  EXPECT_GE(tally_.in_the_middle, kills) << "too few came in the middle";
  Stop();
  const Scan scan = ScanFor(traces_.texts(), directory_.path());
  ExpectNothingFound(scan);
  std::printf("scanned %zu files and %zu rows, %zu bytes, for %zu texts\n", scan.files, scan.rows,
              scan.bytes, traces_.texts().size());
  const Finished verified = RunToEnd({CASELEDGER_PATH, "log", "verify", "--data-dir", data_dir_});
  EXPECT_EQ(verified.code, 0) << verified.out << verified.err;
}

}  // namespace

int Main(int argc, char** argv) {
  seed = std::random_device{}();
  ::testing::AddGlobalTestEnvironment(new SaysFlags([] {
    return "privacy_kill_test --kills " + std::to_string(kills) + " --seed " + std::to_string(seed);
  }));
  return RunTestsWithFlags(argc, argv, [](std::string_view name, const char* value) {
    if (name == "--kills") kills = std::atoi(value);
    if (name == "--seed") seed = std::strtoull(value, nullptr, 10);
  });
}

}  // namespace caseledger::testing

int main(int argc, char** argv) { return caseledger::testing::Main(argc, argv); }
