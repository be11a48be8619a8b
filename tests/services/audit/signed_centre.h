// A centre whose ledger is signed and can be exported, without a server.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "eventstore/sequencer/stored_ledger.h"
#include "services/app/audit/bundle.h"
#include "services/app/audit/readable.h"
#include "services/app/audit/verify.h"
#include "services/rpc/export.h"
#include "tests/integration/support/scratch_directory.h"
#include "tests/services/commands/centre.h"

namespace caseledger::testing {

// Not thread-safe.
class SignedCentre {
 public:
  explicit SignedCentre(const std::string& directory) : store_(projections::NewMemoryReadModels()) {
    eventstore::SignerOptions options;
    options.ledger = kLedgerName;
    options.checkpoint_dir = directory + "/checkpoints";
    options.key_file = directory + "/keys/qn.keys";
    options.clock = &centre_.clock();
    options.random = &centre_.random();
    commands::LedgerParts& parts = centre_.ledger().parts;
    parts.signer = *eventstore::Signer::Open(centre_.engine(), options);
    parts.publisher = std::make_unique<eventstore::Publisher>(*parts.log, *parts.signer,
                                                              [](const absl::Status&) {});
    parts.stored = std::make_unique<eventstore::StoredLedger>(centre_.engine(), kLedgerName);
    parts.heads = *commands::HeadsKeeper::Open(*parts.log, kLedgerName, *store_, centre_.clock());
    centre_.RegisterAgencies();
    for (const Caller& caller : {Worker(), Auditor()}) centre_.Admit(caller);
    begun_ = centre_.size();
  }

  Centre& centre() { return centre_; }
  // Events of the ledger before anything is recorded that is not about agencies, rules and roles.
  uint64_t begun() const { return begun_; }
  std::vector<eventstore::VerifierKey> keys() { return centre_.ledger().parts.signer->Verifiers(); }

  // A case with a text in Vietnamese that HTML must not take for its own.
  void RecordCase(int number) {
    centre_.Given(Id(number), 1,
                  "case_opened { case_type: 'gender_based_violence' concerns: 'domestic_violence' "
                  "owner_agency_id: 'hotline' external_ref { source: 'paper' value: 'CASE-" +
                      std::to_string(number) + "' } }");
    centre_.Given(Id(number), 2,
                  "plan_drafted { plan_id: 'k1' private_part { text: 'Hỗ trợ chị Hoà <b>& cháu "
                  "Đức</b>' } }");
    centre_.Given(Id(number), 3, "risk_assessed { risk: RISK_HIGH }");
    centre_.Given(Id(number), 4, "risk_assessed { risk: RISK_LOW }");
  }

  // What the server would send, one message after the other.
  absl::StatusOr<std::vector<v1::ExportRecordResponse>> TryExport(options::v1::RecordKind kind,
                                                                  const std::string& record) {
    std::vector<v1::ExportRecordResponse> pages;
    v1::ExportRecordRequest request;
    request.set_record_kind(kind);
    request.set_record_id(record);
    rpc::ExportSource source = rpc::ExportOfRecord(
        rpc::Reading(centre_.ledgers(), Auditor().Call(), "ExportRecord", centre_.clock()),
        request);
    while (true) {
      v1::ExportRecordResponse page;
      const absl::StatusOr<bool> more = source(page);
      if (!more.ok()) return more.status();
      if (!*more) return pages;
      pages.push_back(std::move(page));
    }
  }

  // Writes a good bundle to `directory`, which must not be there.
  audit::Verified ExportTo(int number, const std::string& directory) {
    return ExportTo(options::v1::RECORD_KIND_CASE_RECORD, Id(number), directory);
  }
  audit::Verified ExportTo(options::v1::RecordKind kind, const std::string& record,
                           const std::string& directory) {
    std::unique_ptr<audit::BundleWriter> writer;
    const auto pages = TryExport(kind, record);
    EXPECT_TRUE(pages.ok()) << pages.status();
    for (const v1::ExportRecordResponse& page : *pages) {
      if (writer == nullptr) {
        writer = *audit::BundleWriter::Create(directory, page.header());
      }
      for (const v1::ExportedEvent& event : page.events()) {
        EXPECT_TRUE(writer->Add(event).ok());
      }
    }
    audit::VerifyOptions options;
    options.log_keys = keys();
    const absl::StatusOr<audit::Verified> verified = audit::VerifyProofs(directory, options);
    EXPECT_TRUE(verified.ok()) << verified.status();
    EXPECT_TRUE(audit::WriteReadable(directory, *verified).ok());
    return *verified;
  }

 private:
  Centre centre_;
  uint64_t begun_ = 0;
  std::unique_ptr<projections::ReadModelStore> store_;
};

}  // namespace caseledger::testing
