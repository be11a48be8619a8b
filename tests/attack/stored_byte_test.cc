// Every kind of stored byte changed: `log verify` sees it and says where.
#include "eventstore/base/big_endian.h"
#include "eventstore/codec/marks.h"
#include "eventstore/engine/rocksdb/value_codec.h"
#include "tests/attack/attack_fixture.h"

namespace caseledger::eventstore::testing {
namespace {

using rocksdb_engine::LedgerKeys;
using ::testing::HasSubstr;

const LedgerKeys kKeys(kLedger);

std::string Flipped(std::string bytes, size_t at, uint8_t mask = 0x80) {
  bytes[at] = static_cast<char>(static_cast<uint8_t>(bytes[at]) ^ mask);
  return bytes;
}

// The store stays open while its values are changed: hundreds of audits.
class StoredByte : public AttackTest {
 protected:
  StoredByte() {
    RocksDbOptions options;
    options.path = data_.log();
    auto store = OpenRocksDbEngine(options);
    EXPECT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }

  template <typename Use>
  void WithDb(Use use) {
    const absl::Status status = store_->WithDatabase([&](rocksdb::DB& db) {
      use(db);
      return absl::OkStatus();
    });
    ASSERT_TRUE(status.ok()) << status;
  }
  std::string Get(const std::string& key) {
    std::string value;
    WithDb([&](rocksdb::DB& db) { EXPECT_TRUE(db.Get({}, key, &value).ok()); });
    return value;
  }
  void Put(const std::string& key, const std::string& value) {
    WithDb([&](rocksdb::DB& db) { EXPECT_TRUE(db.Put({}, key, value).ok()); });
  }
  void Delete(const std::string& key) {
    WithDb([&](rocksdb::DB& db) { EXPECT_TRUE(db.Delete({}, key).ok()); });
  }
  LedgerAudit AuditNow() { return Audit(*store_, data_); }

  // Flips each byte of the value in turn; `step` for long ones. All must be found.
  void ExpectEachByteIsSeen(const std::string& key, const std::string& says, size_t step = 1,
                            size_t from = 0) {
    const std::string good = Get(key);
    for (size_t at = from; at < good.size(); at += step) {
      Put(key, Flipped(good, at));
      const LedgerAudit audit = AuditNow();
      EXPECT_FALSE(audit.status.ok()) << "byte " << at << " of " << good.size();
      EXPECT_THAT(std::string(audit.status.message()), HasSubstr(says)) << "byte " << at;
    }
    Put(key, good);
    EXPECT_TRUE(AuditNow().status.ok());
  }

  std::unique_ptr<RocksDbStore> store_;
};

// Envelope, actor, agency, times, ids, fact; and stream, revision and leaf hash before the record.
TEST_F(StoredByte, EachByteOfARecordIsSeenAtItsPosition) {
  const std::string good = Get(kKeys.Event(300));
  ASSERT_GE(good.size(), 500u) << "a realistic record";
  for (size_t at = 0; at < good.size(); ++at) {
    Put(kKeys.Event(300), Flipped(good, at, static_cast<uint8_t>(1 << at % 8)));
    const LedgerAudit audit = AuditNow();
    // A format version is refused, as it could be of a newer program; all else is damage.
    EXPECT_TRUE(absl::IsDataLoss(audit.status) || absl::IsFailedPrecondition(audit.status))
        << "byte " << at << ": " << audit.status;
    EXPECT_EQ(audit.position, 300u) << "byte " << at;
    EXPECT_THAT(std::string(audit.status.message()), HasSubstr("ledger quang-ninh"));
  }
}

TEST_F(StoredByte, EachByteOfTheStreamIndexIsSeen) {
  const StreamId stream = CaseStream(5);
  ExpectEachByteIsSeen(kKeys.Revision(stream, 3), "stream index leads astray");
  const std::string good = Get(kKeys.Revision(stream, 3));
  Delete(kKeys.Revision(stream, 3));
  LedgerAudit audit = AuditNow();
  EXPECT_THAT(Said(audit), HasSubstr("no entry for revision 3"));
  EXPECT_EQ(audit.position, *rocksdb_engine::DecodePosition(good));
  Put(kKeys.Revision(stream, 3), good);

  const uint64_t last = store_->FindStream(kLedger, stream)->revision;
  const std::string last_entry = Get(kKeys.Revision(stream, last));
  Delete(kKeys.Revision(stream, last));
  EXPECT_THAT(Said(AuditNow()), HasSubstr("no entry for revision " + std::to_string(last)));
  Put(kKeys.Revision(stream, last), last_entry);
  Put(kKeys.Revision(stream, last + 1), good);
  EXPECT_THAT(Said(AuditNow()), HasSubstr("an entry too many"));
  Delete(kKeys.Revision(stream, last + 1));
  Put(kKeys.Revision(CaseStream(99), 1), good);
  EXPECT_THAT(Said(AuditNow()), HasSubstr("of which there is no event"));
  Delete(kKeys.Revision(CaseStream(99), 1));
  Put(kKeys.Revision(stream, 3), "short");
  EXPECT_THAT(Said(AuditNow()), HasSubstr("a stream index entry is not readable"));
}

// Each entry leads to an event, each event has an entry, the numbers are right: and yet.
TEST_F(StoredByte, TwoIndexEntriesThatWereExchangedAreSeen) {
  const std::string one = kKeys.Revision(CaseStream(5), 3),
                    other = kKeys.Revision(CaseStream(6), 3);
  const std::string value = Get(one);
  Put(one, Get(other));
  Put(other, value);
  const LedgerAudit audit = AuditNow();
  EXPECT_THAT(Said(audit), HasSubstr("stream index leads astray"));
  EXPECT_EQ(audit.position, *rocksdb_engine::DecodePosition(value));
}

TEST_F(StoredByte, AStreamTheIndexForgotIsSeen) {
  const StreamId stream = CaseStream(5);
  const uint64_t last = store_->FindStream(kLedger, stream)->revision;
  for (uint64_t revision = 1; revision <= last; ++revision) {
    Delete(kKeys.Revision(stream, revision));
  }
  EXPECT_THAT(Said(AuditNow()), HasSubstr("no entry for revision 1 of record"));
}

TEST_F(StoredByte, EachByteOfAStreamHeadIsSeen) {
  const std::string key = kKeys.StreamHead(CaseStream(5));
  ExpectEachByteIsSeen(key, "stream head");
  const std::string good = Get(key);
  Delete(key);
  const LedgerAudit audit = AuditNow();
  EXPECT_THAT(Said(audit), HasSubstr("there is no stream head of record"));
  EXPECT_TRUE(audit.position.has_value());
  Put(key, good);
  Put(kKeys.StreamHead(CaseStream(99)), good);
  EXPECT_THAT(Said(AuditNow()), HasSubstr("of which there is no event"));
}

TEST_F(StoredByte, EachByteOfTheLedgersHeadIsSeen) {
  ExpectEachByteIsSeen(kKeys.Head(), "ledger quang-ninh");
}

// Where the digest of the content stands nothing can be told: the content is not stored.
TEST_F(StoredByte, EachByteOfARequestsEntryButItsDigestIsSeen) {
  RecordedEvent event;
  ASSERT_TRUE(store_
                  ->Read(kLedger, 300, 301,
                         [&event](const StoredEvent& stored) {
                           event = *DecodeEvent(kLedger, stored, FactUpgrades());
                           return true;
                         })
                  .ok());
  const std::string key = kKeys.Mark(*MarkKeys::Request(kAgency, event.origin.request_id));
  const std::string good = Get(key);
  const size_t after_digest = good.size() - (DecodeRequestMark(good)->first_position < 128 ? 4 : 5);
  ExpectEachByteIsSeen(key, "the entry of request", 1, after_digest);
  for (const size_t at : {0u, 1u}) {  // the digest's tag and length
    Put(key, Flipped(good, at));
    EXPECT_THAT(Said(AuditNow()), HasSubstr("is not readable"));
  }
  Delete(key);
  LedgerAudit audit = AuditNow();
  EXPECT_THAT(Said(audit), HasSubstr("could be recorded a second time"));
  EXPECT_EQ(audit.position, 300u);
  Put(key, good);

  const std::string stranger = kKeys.Mark(*MarkKeys::Request(kAgency, NumberedId(77)));
  Put(stranger, good);
  EXPECT_THAT(Said(AuditNow()), HasSubstr("which became no event"));
  Delete(stranger);
  Put(kKeys.Mark(*MarkKeys::Request("other", event.origin.request_id)), good);
  EXPECT_THAT(Said(AuditNow()), HasSubstr("of agency other, which became no event"));
}

TEST_F(StoredByte, EachByteOfANamesEntryIsSeen) {
  ExpectEachByteIsSeen(kKeys.Mark(*MarkKeys::Name(kCase, "paper", "C-8")), "the entry of a name");
  ExpectEachByteIsSeen(kKeys.Mark(*MarkKeys::NameOfAnySource(kCase, "C-8")), "the entry of a name");
}

TEST_F(StoredByte, AReferenceThatIsNoneIsSeen) {
  const std::string absent = kKeys.Mark(MarkKeys::Reference(CaseStream(99), CaseStream(5)));
  Put(absent, "");
  EXPECT_THAT(Said(AuditNow()), HasSubstr("the entry of a reference names record"));
  Delete(absent);
  const std::string key = kKeys.Mark(MarkKeys::Reference(CaseStream(7), CaseStream(0)));
  Put(key, "x");
  EXPECT_THAT(Said(AuditNow()), HasSubstr("is not empty"));
  Put(key, "");
  Put(kKeys.Mark("\x09unheard of"), "");
  EXPECT_THAT(Said(AuditNow()), HasSubstr("is of no known kind"));
}

TEST_F(StoredByte, EachByteOfATileIsSeen) {
  ExpectEachByteIsSeen(kKeys.Tile(0, 1), "tile/0/001 is not that of the events", 41);
}

TEST_F(StoredByte, EachByteOfTheSigningStateIsSeenAlsoAtTheStart) {
  const std::string key = kKeys.SigningState(), good = Get(key);
  for (size_t at = 0; at < good.size(); ++at) {
    Put(key, Flipped(good, at, 1));
    EXPECT_THAT(Said(AuditNow()), HasSubstr("ledger quang-ninh")) << "byte " << at;
    EXPECT_FALSE(Signer::Open(*store_, SigningIn(data_)).ok()) << "byte " << at;
  }
}

TEST_F(StoredByte, EachByteOfTheCheckpointOutsideIsSeen) {
  const std::string good = ReadWholeFile(data_.checkpoint());
  for (size_t at = 0; at < good.size(); ++at) {
    WriteWholeFile(data_.checkpoint(), Flipped(good, at, 1));
    EXPECT_THAT(Said(AuditNow()), HasSubstr(data_.checkpoint())) << "byte " << at;
  }
}

}  // namespace
}  // namespace caseledger::eventstore::testing
