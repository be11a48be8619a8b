// What a bundle shows, and every way of changing one that must be seen.
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "caseledger/event/v1/fact.pb.h"
#include "eventstore/verifiable/checkpoint.h"
#include "nlohmann/json.hpp"
#include "services/rpc/sentences.h"
#include "tests/services/audit/signed_centre.h"

namespace caseledger::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr int kCase = 1;
constexpr int kOtherCase = 2;
constexpr uint64_t kEvents = 4;

class Bundle : public ::testing::Test {
 protected:
  Bundle() : signed_(directory_ / "server") {
    signed_.RecordCase(kCase);
    signed_.RecordCase(kOtherCase);
    for (int i = 0; i < 300; ++i) {
      signed_.centre().Given(Id(1000 + i), 1, "contact_received { channel: 'phone' }");
    }
    bundle_ = directory_ / "bundle";
    verified_ = signed_.ExportTo(kCase, bundle_);
  }

  audit::VerifyOptions Options() {
    audit::VerifyOptions options;
    options.log_keys = signed_.keys();
    return options;
  }
  absl::Status Verify() { return audit::VerifyBundle(bundle_, Options()).status(); }
  // Must be found wrong, in a sentence that begins with the file.
  void ExpectWrong(const std::string& file, const std::string& why = "") {
    const absl::Status status = Verify();
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    EXPECT_THAT(std::string(status.message()), StartsWith(file));
    EXPECT_THAT(std::string(status.message()), HasSubstr(why));
  }

  std::string Read(const std::string& name) const { return ReadWholeFile(bundle_ + "/" + name); }
  void Write(const std::string& name, const std::string& bytes) const {
    WriteWholeFile(bundle_ + "/" + name, bytes);
  }
  void Replace(const std::string& name, const std::string& from, const std::string& to) const {
    std::string text = Read(name);
    const size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << name;
    Write(name, text.replace(at, from.size(), to));
  }
  void RenameEvent(uint64_t from, uint64_t to) const {
    for (const char* ending : {".record", ".entry", ".keys", ".tlog-proof"}) {
      fs::rename(bundle_ + "/" + audit::EventFile(from) + ending,
                 bundle_ + "/" + audit::EventFile(to) + ending);
    }
  }
  void RemoveEvent(uint64_t revision) const {
    for (const char* ending : {".record", ".entry", ".keys", ".tlog-proof"}) {
      fs::remove(bundle_ + "/" + audit::EventFile(revision) + ending);
    }
  }
  std::vector<std::string> Files() const {
    std::vector<std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(bundle_)) {
      if (!entry.is_directory()) files.push_back(fs::relative(entry.path(), bundle_).string());
    }
    std::sort(files.begin(), files.end());
    return files;
  }

  ScratchDirectory directory_;
  SignedCentre signed_;
  std::string bundle_;
  audit::Verified verified_;
};

TEST_F(Bundle, AGoodOneSaysWhatItShows) {
  const auto verified = audit::VerifyBundle(bundle_, Options());
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->facts.event_count, kEvents);
  EXPECT_EQ(verified->facts.record_id, Id(kCase));
  EXPECT_EQ(verified->complete_up_to, signed_.begun() + 2 * kEvents + 300u);
  EXPECT_EQ(verified->checkpoint_size, verified->complete_up_to + 1);
  ASSERT_EQ(verified->events.size(), kEvents);
  EXPECT_TRUE(verified->events[0].fact().has_case_opened());
  for (const std::string& name : {Id(kCase), std::string("CASE-1"), std::string("paper/CASE-1")}) {
    audit::VerifyOptions options = Options();
    options.record = name;
    EXPECT_TRUE(audit::VerifyBundle(bundle_, options).ok()) << name;
  }
}

TEST_F(Bundle, TheReadableFilesShowTheEventsInVietnameseAndSafely) {
  const std::string page = Read("history.html");
  EXPECT_THAT(page, HasSubstr("Mở hồ sơ vụ việc"));
  EXPECT_THAT(page, HasSubstr("<title>Lịch sử hồ sơ " + Id(kCase) + "</title>"));
  EXPECT_THAT(page, HasSubstr("Hồ sơ vụ việc / Case"));
  EXPECT_THAT(page,
              ::testing::ContainsRegex("Ghi nhận / Recorded</th><td>[0-9]{2}/[0-9]{2}/2[0-9]{3} "));
  EXPECT_THAT(page, HasSubstr("Hỗ trợ chị Hoà &lt;b&gt;&amp; cháu Đức&lt;/b&gt;"));
  EXPECT_THAT(page, Not(HasSubstr("<b>")));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  const std::string lines = Read("history.jsonl");
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), static_cast<long>(kEvents));
  const auto first = nlohmann::json::parse(lines.substr(0, lines.find('\n')), nullptr, false);
  EXPECT_EQ(first["fact_name"], "case_opened");
  const std::string guarantee = Read("README.txt");
  EXPECT_THAT(guarantee, HasSubstr(std::to_string(verified_.complete_up_to)));
  EXPECT_THAT(guarantee, HasSubstr("Không chứng minh"));
  EXPECT_THAT(guarantee, HasSubstr("Not proven"));
}

TEST_F(Bundle, NoTextHidesOrTurnsAroundWhatStandsBesideIt) {
  signed_.centre().Given(Id(kCase), 5,
                         "plan_drafted { plan_id: 'k2' private_part { text: "
                         "'gr\u202Egnp\u2066\u200B\x1b\x7f\u0085\u2028' } }");
  fs::remove_all(bundle_);
  signed_.ExportTo(kCase, bundle_);
  EXPECT_THAT(Read("history.html"),
              HasSubstr("gr\\u{202e}gnp\\u{2066}\\u{200b}\\u{1b}\\u{7f}\\u{85}\\u{2028}</td>"));
  EXPECT_TRUE(Verify().ok());
}

// Of the files with proofs every byte; of the readable ones, which are compared whole, every 97th.
TEST_F(Bundle, EveryFlippedByteIsFoundAndItsFileNamed) {
  for (const std::string& file : Files()) {
    const std::string good = Read(file);
    const bool readable = file == audit::kHistoryLinesFile || file == audit::kHistoryPageFile ||
                          file == audit::kGuaranteeFile;
    for (size_t at = 0; at < good.size(); at += readable ? 97 : 1) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ 0x01);
      Write(file, bad);
      const absl::Status status = Verify();
      ASSERT_TRUE(absl::IsDataLoss(status)) << file << " at " << at << ": " << status;
      // What bundle.json says is compared with what other files prove.
      if (file == audit::kFactsFile) continue;
      const std::string stem = file.substr(0, file.find('.'));
      ASSERT_THAT(std::string(status.message()),
                  ::testing::AnyOf(StartsWith(file), StartsWith(stem + ".")))
          << at;
    }
    Write(file, good);
  }
  EXPECT_TRUE(Verify().ok());
}

TEST_F(Bundle, EveryMissingFileIsNamed) {
  for (const std::string& file : Files()) {
    const std::string good = Read(file);
    fs::remove(bundle_ + "/" + file);
    ExpectWrong(file, "missing");
    Write(file, good);
  }
}

TEST_F(Bundle, EveryTruncatedFileIsFound) {
  for (const std::string& file : Files()) {
    const std::string good = Read(file);
    for (const size_t keep : {size_t{0}, good.size() / 2, good.size() - 1}) {
      Write(file, good.substr(0, keep));
      const absl::Status status = Verify();
      EXPECT_TRUE(absl::IsDataLoss(status)) << file << " cut to " << keep << ": " << status;
    }
    Write(file, good);
  }
}

TEST_F(Bundle, AFileThatDoesNotBelongThereIsNamed) {
  Write("events/000005.record", "more");
  ExpectWrong("events/000005.record", "does not belong");
}

TEST_F(Bundle, AFolderThatDoesNotBelongThereIsNamed) {
  fs::create_directories(bundle_ + "/evidence/page.html");
  ExpectWrong("evidence", "does not belong");
  fs::remove_all(bundle_ + "/evidence");
  EXPECT_TRUE(audit::VerifyBundle(bundle_ + "/", Options()).ok());
}

TEST_F(Bundle, ALinkIsNoPartOfABundle) {
  // To a file or a folder of the bundle itself, so that only the link is wrong.
  fs::create_symlink("history.html", bundle_ + "/page.html");
  ExpectWrong("page.html", "does not belong");
  fs::remove(bundle_ + "/page.html");
  fs::rename(bundle_ + "/history.html", directory_ / "elsewhere.html");
  fs::create_symlink(directory_ / "elsewhere.html", bundle_ + "/history.html");
  ExpectWrong("history.html", "no plain file");
  fs::remove(bundle_ + "/history.html");
  fs::rename(directory_ / "elsewhere.html", bundle_ + "/history.html");
  fs::rename(bundle_ + "/events", directory_ / "elsewhere");
  fs::create_directory_symlink(directory_ / "elsewhere", bundle_ + "/events");
  ExpectWrong("events", "does not belong");
}

TEST_F(Bundle, APipeOrAFolderInPlaceOfAFileIsNamedAndNotWaitedFor) {
  fs::remove(bundle_ + "/checkpoint");
  ASSERT_EQ(mkfifo((bundle_ + "/checkpoint").c_str(), 0600), 0);
  ExpectWrong("checkpoint", "no plain file");
  fs::remove(bundle_ + "/checkpoint");
  fs::create_directory(bundle_ + "/checkpoint");
  ExpectWrong("checkpoint", "no plain file");
}

TEST_F(Bundle, AnEventMissingAtTheEndIsFound) {
  RemoveEvent(kEvents);
  Replace("bundle.json", "\"event_count\": 4", "\"event_count\": 3");
  ExpectWrong("heads/head-proof.txt", "missing at the end");
}

TEST_F(Bundle, AnEventMissingInTheMiddleIsFound) {
  RemoveEvent(2);
  RenameEvent(3, 2);
  RenameEvent(4, 3);
  Replace("bundle.json", "\"event_count\": 4", "\"event_count\": 3");
  ExpectWrong("events/000002.entry", "number 3 of the record");
}

TEST_F(Bundle, EventsThatWereSwappedAreFound) {
  RenameEvent(2, 9);
  RenameEvent(3, 2);
  RenameEvent(9, 3);
  ExpectWrong("events/000002.entry", "number 3 of the record");
}

TEST_F(Bundle, AnEventOfAnotherCaseSlippedInIsFound) {
  const std::string other = directory_ / "other";
  signed_.ExportTo(kOtherCase, other);
  for (const char* ending : {".record", ".entry", ".keys", ".tlog-proof"}) {
    Write(audit::EventFile(3) + ending, ReadWholeFile(other + "/" + audit::EventFile(3) + ending));
  }
  ExpectWrong("events/000003.entry", "another record");
}

TEST_F(Bundle, AForgedEventIsFoundThoughItFitsItsEntry) {
  // The attacker changes the record and makes its entry anew; the proof does not follow.
  std::string record = Read("events/000002.record");
  record.back() = static_cast<char>(record.back() ^ 1);  // of the sealed text
  std::string entry = Read("events/000002.entry");
  const size_t hash_at = entry.size() - 64;
  entry.replace(hash_at, 32, std::string(Sha256({record}).raw()));
  Write("events/000002.record", record);
  Write("events/000002.entry", entry);
  ExpectWrong("events/000002.tlog-proof");
}

// The readable text is what was sealed in the proven bytes, and no other text opens from them.
TEST_F(Bundle, KeysThatDoNotOpenTheRecordedTextAreFound) {
  const std::string file = "events/000002.keys";
  const std::string good = Read(file);
  ASSERT_THAT(good, HasSubstr("47.15 "));
  std::string other = good;
  char& digit = other.at(other.find(' ') + 5);
  digit = digit == 'A' ? 'B' : 'A';
  Write(file, other);
  ExpectWrong(file, "do not belong");
  Write(file, good.substr(0, good.find(' ')) + " erased\n");
  ExpectWrong(std::string(audit::kHistoryLinesFile), "does not say");
  Write(file, good.substr(0, good.find("47.15")));
  ExpectWrong(file, "do not belong");
  Write(file, good + "47.15 erased\n");
  ExpectWrong(file, "do not belong");
}

TEST_F(Bundle, ABundleForAnotherCaseIsFound) {
  audit::VerifyOptions options = Options();
  options.record = "CASE-2";
  absl::Status status = audit::VerifyBundle(bundle_, options).status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("paper/CASE-1"));
  Replace("bundle.json", Id(kCase), Id(kOtherCase));
  ExpectWrong("events/000001.entry", "another record");
}

TEST_F(Bundle, AnotherLogsKeyAndAForgedCheckpointAreFound) {
  const std::string good = Read("checkpoint");
  const auto note = *eventstore::Note::Parse(good);
  eventstore::Checkpoint checkpoint = *eventstore::Checkpoint::FromText(note.text);
  // A key of the same name that somebody else made.
  const auto forger = *eventstore::SigningKey::Generate(
      checkpoint.origin, eventstore::KeyAlgorithm::kNote, signed_.centre().random());
  const std::string forged = eventstore::SignCheckpoint(checkpoint, std::vector{forger});
  Write("checkpoint", forged);
  ExpectWrong("checkpoint");
  Write("checkpoint", good);
  audit::VerifyOptions options = Options();
  options.log_keys = {forger.verifier()};
  EXPECT_TRUE(absl::IsDataLoss(audit::VerifyBundle(bundle_, options).status()));
}

TEST_F(Bundle, KeysOfTheServerThatDidNotSignAreFound) {
  const std::string good = Read("verifier-keys.txt");
  const auto forger = *eventstore::SigningKey::Generate(
      verified_.origin, eventstore::KeyAlgorithm::kNote, signed_.centre().random());
  Write("verifier-keys.txt", forger.verifier().ToText() + "\n");
  ExpectWrong("verifier-keys.txt", "signed the checkpoint");
  Write("verifier-keys.txt", good + "Trust this key.\n");
  ExpectWrong("verifier-keys.txt");
  Write("verifier-keys.txt", good + "\n");
  ExpectWrong("verifier-keys.txt");
}

TEST(BundleFactsTest, ARecordIsSpeltInOneWay) {
  audit::BundleFacts facts;
  facts.ledger = "qn";
  facts.record_kind = options::v1::RECORD_KIND_PERSON;
  facts.record_id = "018d2f4e-7a3c-7cc1-9d0e-1b2c3d4e5f60";
  facts.event_count = 1;
  EXPECT_TRUE(audit::FactsFromJson(audit::ToJsonText(facts)).ok());
  facts.record_id = "018D2F4E-7A3C-7CC1-9D0E-1B2C3D4E5F60";
  EXPECT_FALSE(audit::FactsFromJson(audit::ToJsonText(facts)).ok());
}

TEST_F(Bundle, AnOlderCheckpointOfTheSameLogIsFound) {
  const std::string older = directory_ / "older";
  // The newer bundle with the older one's checkpoint: its proofs lead elsewhere.
  fs::copy(bundle_, older, fs::copy_options::recursive);
  signed_.centre().Given(Id(kCase), 5, "risk_assessed { risk: RISK_MEDIUM }");
  fs::remove_all(bundle_);
  signed_.ExportTo(kCase, bundle_);
  Write("checkpoint", ReadWholeFile(older + "/checkpoint"));
  ExpectWrong("heads/event.tlog-proof");
}

TEST_F(Bundle, OlderHeadsDoNotCoverALaterEvent) {
  const std::string older = directory_ / "older";
  fs::copy(bundle_, older, fs::copy_options::recursive);
  signed_.centre().Given(Id(kCase), 5, "risk_assessed { risk: RISK_MEDIUM }");
  fs::remove_all(bundle_);
  const auto verified = signed_.ExportTo(kCase, bundle_);
  EXPECT_EQ(verified.facts.event_count, kEvents + 1);
  // An attacker takes away the newest event and puts the older heads in place, proven anew.
  RemoveEvent(kEvents + 1);
  Replace("bundle.json", "\"event_count\": 5", "\"event_count\": 4");
  ExpectWrong("heads/head-proof.txt", "missing at the end");
  Write("heads/head-proof.txt", ReadWholeFile(older + "/heads/head-proof.txt"));
  ExpectWrong("heads/head-proof.txt");
}

TEST_F(Bundle, AWitnessThatDidNotSignIsNamed) {
  audit::VerifyOptions options = Options();
  const auto witness = *eventstore::SigningKey::Generate(
      "witness.example", eventstore::KeyAlgorithm::kCosignatureV1, signed_.centre().random());
  options.witness_keys = {witness.verifier()};
  const absl::Status missing = audit::VerifyBundle(bundle_, options).status();
  EXPECT_TRUE(absl::IsDataLoss(missing));
  EXPECT_THAT(std::string(missing.message()), HasSubstr("witness.example"));
}

TEST_F(Bundle, WithoutAKeyNothingIsShown) {
  EXPECT_TRUE(
      absl::IsInvalidArgument(audit::VerifyBundle(bundle_, audit::VerifyOptions()).status()));
}

TEST_F(Bundle, ARecordWithANameIsFoundByItAndByItsId) {
  const auto agency = commands::NamedStream(options::v1::RECORD_KIND_AGENCY, "hotline");
  for (const std::string& name : {std::string("hotline"), agency.id.ToString()}) {
    const std::string directory = directory_ / ("agency-" + name);
    signed_.ExportTo(options::v1::RECORD_KIND_AGENCY, name, directory);
    audit::VerifyOptions options = Options();
    for (const std::string& asked : {std::string("hotline"), agency.id.ToString()}) {
      options.record = asked;
      const absl::Status status = audit::VerifyBundle(directory, options).status();
      EXPECT_TRUE(status.ok()) << status;
    }
    options.record = "hospital";
    EXPECT_TRUE(absl::IsDataLoss(audit::VerifyBundle(directory, options).status()));
  }
}

// The ledger's own record of committed heads begins with the event that covers all but itself.
TEST_F(Bundle, TheHeadsThemselvesAreExportedOnceTheyAreCovered) {
  constexpr auto kLedger = options::v1::RECORD_KIND_LEDGER;
  const absl::Status first = signed_.TryExport(kLedger, "heads").status();
  EXPECT_TRUE(absl::IsFailedPrecondition(first)) << first;
  EXPECT_THAT(std::string(first.message()), StartsWith("NOT_COVERED"));
  EXPECT_NE(rpc::SentencesOfReason("NOT_COVERED").en, rpc::SentencesOfReason("no such").en);
  signed_.centre().Given(Id(kCase), 5, "risk_assessed { risk: RISK_MEDIUM }");
  const std::string heads = directory_ / "heads";
  const audit::Verified verified = signed_.ExportTo(kLedger, "heads", heads);
  EXPECT_EQ(verified.events.size(), 1u);
  EXPECT_TRUE(audit::VerifyBundle(heads, Options()).ok());
}

TEST_F(Bundle, AServerThatSendsMoreThanItAnnouncedIsNotWrittenDown) {
  const auto exported = signed_.TryExport(options::v1::RECORD_KIND_CASE_RECORD, Id(kCase));
  ASSERT_TRUE(exported.ok()) << exported.status();
  const std::vector<v1::ExportRecordResponse>& pages = *exported;
  auto writer = audit::BundleWriter::Create(directory_ / "more", pages[0].header());
  ASSERT_TRUE(writer.ok()) << writer.status();
  for (const v1::ExportedEvent& event : pages[1].events()) {
    ASSERT_TRUE((*writer)->Add(event).ok());
  }
  EXPECT_TRUE(absl::IsInvalidArgument((*writer)->Add(pages[1].events(0))));
}

TEST_F(Bundle, LongHistoriesComeInPages) {
  for (int i = 0; i < 200; ++i) {
    signed_.centre().Given(Id(kCase), 5 + i, "risk_assessed { risk: RISK_LOW }");
  }
  const std::string longer = directory_ / "longer";
  const audit::Verified verified = signed_.ExportTo(kCase, longer);
  EXPECT_EQ(verified.events.size(), kEvents + 200);
  EXPECT_TRUE(audit::VerifyBundle(longer, Options()).ok());
}

}  // namespace
}  // namespace caseledger::testing
