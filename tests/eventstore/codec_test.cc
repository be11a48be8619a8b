// Stored bytes: records, leaves and keys.
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "caseledger/storage/v1/envelope.pb.h"
#include "eventstore/base/strings.h"
#include "eventstore/codec/leaf.h"
#include "eventstore/codec/marks.h"
#include "eventstore/codec/record.h"
#include "eventstore/codec/utf8.h"
#include "tests/support/repeated_bytes.h"

namespace caseledger::eventstore {
namespace {

// The event of FORMAT.md's worked example.
RecordedEvent ExampleEvent() {
  RecordedEvent event;
  event.event_id = testing::RepeatedUuid(0x22);
  event.stream = {3, testing::RepeatedUuid(0x11)};
  event.revision = 2;
  event.position = 7;
  event.occurred_at = 1'704'067'200'000'000;
  event.occurred_precision = 1;
  event.recorded_at = 1'704'067'260'000'000;
  event.schema_version = 1;
  event.fact_type = 40;
  event.fact = "fact";
  event.origin.actor = "worker-1";
  event.origin.agency = "hotline";
  event.origin.request_id = testing::RepeatedUuid(0x33);
  event.previous_leaf_hash = testing::RepeatedHash(0x44);
  return event;
}

// Hexadecimal digits of the fenced block that follows `heading` in FORMAT.md; what follows a '#' is
// a remark.
std::string DocumentedHex(std::string_view heading) {
  std::ifstream file("eventstore/codec/FORMAT.md");
  std::string line;
  while (std::getline(file, line) && line != heading) {
  }
  while (std::getline(file, line) && line != "```") {
  }
  std::string hex;
  while (std::getline(file, line) && line != "```") {
    for (const char c : line.substr(0, line.find('#'))) {
      if (c != ' ') hex.push_back(c);
    }
  }
  return hex;
}

std::string Hex(std::string_view bytes) { return absl::BytesToHexString(ToAbsl(bytes)); }

StoredEvent Stored(const RecordedEvent& event, std::string record) {
  return {event.stream, event.revision, event.position, HashLeaf("quang-ninh", event, record),
          std::move(record)};
}

TEST(RecordTest, BytesAreThoseOfTheWorkedExample) {
  const absl::StatusOr<std::string> record = EncodeRecord("quang-ninh", ExampleEvent());
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(Hex(*record), DocumentedHex("### The record"));
}

// The record's bytes by protobuf's own serialiser.
std::string ByProtobuf(const RecordedEvent& event) {
  const auto id = [](const Uuid& uuid) {
    return uuid.is_nil() ? std::string() : std::string(uuid.raw());
  };
  storage::v1::StoredRecord record;
  record.set_format_version(1);
  record.set_event_id(std::string(event.event_id.raw()));
  record.set_ledger("quang-ninh");
  record.set_stream_kind(event.stream.kind);
  record.set_stream_id(std::string(event.stream.id.raw()));
  record.set_revision(event.revision);
  record.set_position(event.position);
  record.set_occurred_at_us(event.occurred_at);
  record.set_occurred_precision(event.occurred_precision);
  record.set_recorded_at_us(event.recorded_at);
  record.set_actor(event.origin.actor);
  record.set_agency(event.origin.agency);
  record.set_on_behalf_of(event.origin.on_behalf_of);
  record.set_schema_version(event.schema_version);
  record.set_purpose(event.origin.purpose);
  record.set_legal_basis(event.origin.legal_basis);
  record.set_correlation_id(id(event.origin.correlation_id));
  record.set_causation_id(id(event.origin.causation_id));
  record.set_traceparent(event.origin.traceparent);
  record.set_request_id(id(event.origin.request_id));
  record.set_source_file(event.origin.source_file);
  record.set_source_row(event.origin.source_row);
  for (const std::string& reason : event.data_quality) record.add_data_quality(reason);
  record.set_fact_type(event.fact_type);
  if (event.revision > 1) {
    record.set_previous_leaf_hash(std::string(event.previous_leaf_hash.raw()));
  }
  record.set_fact(event.fact);
  return record.SerializeAsString();
}

TEST(RecordTest, BytesAreThoseOfProtobuf) {
  RecordedEvent event = ExampleEvent();
  EXPECT_EQ(Hex(*EncodeRecord("quang-ninh", event)), Hex(ByProtobuf(event)));
  event.origin = {"Nguyễn Thị Ánh",
                  "công-an",
                  "em bé",
                  "chăm sóc",
                  "luật 13",
                  testing::RepeatedUuid(0x66),
                  testing::RepeatedUuid(0x77),
                  "00-abc-01",
                  testing::RepeatedUuid(0x88),
                  "tệp.csv",
                  "hàng 7"};
  event.data_quality = {"CONSENT_MISSING", "", "LATE"};
  for (const Micros time :
       {INT64_MIN, int64_t{-1}, int64_t{0}, int64_t{127}, int64_t{128}, INT64_MAX}) {
    event.occurred_at = event.recorded_at = time;
    EXPECT_EQ(Hex(*EncodeRecord("quang-ninh", event)), Hex(ByProtobuf(event))) << time;
  }
  event.revision = event.position = UINT64_MAX;
  event.stream.kind = event.fact_type = event.schema_version = UINT32_MAX;
  event.fact = std::string(20'000, '\0');
  EXPECT_EQ(Hex(*EncodeRecord("quang-ninh", event)), Hex(ByProtobuf(event)));
  const StoredEvent stored = Stored(event, ByProtobuf(event));
  const absl::StatusOr<RecordedEvent> read = DecodeEvent("quang-ninh", stored, {});
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(Hex(ByProtobuf(*read)), Hex(stored.record));
  EXPECT_EQ(read->leaf_hash, stored.leaf_hash);
  event = {};
  event.revision = 1;
  EXPECT_EQ(Hex(*EncodeRecord("quang-ninh", event)), Hex(ByProtobuf(event)));
}

TEST(RecordTest, UnknownFieldsArePassedOverAndWrongTypesAreDamage) {
  const RecordedEvent event = ExampleEvent();
  const std::string record = *EncodeRecord("quang-ninh", event);
  const auto code = [&](const std::string& bytes) {
    return DecodeEvent("quang-ninh", Stored(event, bytes), {}).status().code();
  };
  // Field 100 as number, bytes, 64 and 32 bits.
  for (const char* field : {"\xa0\x06\x05", "\xa2\x06\x02xy",
                            "\xa1\x06"
                            "12345678",
                            "\xa5\x06"
                            "1234"}) {
    EXPECT_EQ(code(record + field), absl::StatusCode::kOk) << Hex(field);
    EXPECT_EQ(code(record + std::string(field, 2)), absl::StatusCode::kDataLoss) << Hex(field);
  }
  EXPECT_EQ(code(record + "\xa3\x06\xa4\x06"), absl::StatusCode::kDataLoss) << "a group";
  EXPECT_EQ(code(record + "\x32\x01x"), absl::StatusCode::kDataLoss) << "a revision of bytes";
  EXPECT_EQ(code(record + "\x58\x01"), absl::StatusCode::kDataLoss) << "an actor of digits";
  EXPECT_EQ(code(record + std::string("\x02\x00", 2)), absl::StatusCode::kDataLoss) << "field 0";
  EXPECT_EQ(code(record + "\x30" + std::string(10, '\xff') + "\x01"), absl::StatusCode::kDataLoss)
      << "a number of eleven bytes";
  EXPECT_EQ(code(record + "\x5a\x01\xff"), absl::StatusCode::kDataLoss) << "an actor not UTF-8";
}

TEST(LeafTest, BytesAreThoseOfTheWorkedExample) {
  const RecordedEvent event = ExampleEvent();
  const std::string record = *EncodeRecord("quang-ninh", event);
  LeafFields fields;
  fields.ledger = "quang-ninh";
  fields.position = event.position;
  fields.stream = event.stream;
  fields.revision = event.revision;
  fields.event_id = event.event_id;
  fields.fact_type = event.fact_type;
  fields.recorded_at = event.recorded_at;
  fields.record_hash = Sha256({record});
  fields.previous_leaf_hash = event.previous_leaf_hash;
  const std::string entry = EncodeLeafEntry(fields);
  EXPECT_EQ(Hex(entry), DocumentedHex("### The entry"));
  EXPECT_EQ(HashLeafEntry(entry).ToHex(), DocumentedHex("### The leaf hash"));
  EXPECT_EQ(HashLeaf("quang-ninh", event, record), HashLeafEntry(entry));
  EXPECT_EQ(HashLeafEntry(entry), Sha256({std::string("\0", 1) + entry}));
}

TEST(LeafTest, AnEntryReadsAsItWasWrittenAndNothingElseDoes) {
  LeafFields fields;
  fields.ledger = "quang-ninh";
  fields.position = 7;
  fields.stream = {3, testing::RepeatedUuid(0x11)};
  fields.revision = 2;
  fields.event_id = testing::RepeatedUuid(0x22);
  fields.fact_type = 40;
  fields.recorded_at = -5;
  fields.record_hash = testing::RepeatedHash(0x33);
  fields.previous_leaf_hash = testing::RepeatedHash(0x44);
  const std::string entry = EncodeLeafEntry(fields);
  const absl::StatusOr<LeafFields> read = DecodeLeafEntry(entry);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->recorded_at, -5);
  EXPECT_EQ(read->stream, fields.stream);
  EXPECT_EQ(EncodeLeafEntry(*read), entry);
  for (size_t i = 0; i < entry.size(); ++i) {
    std::string other = entry;
    other[i] = static_cast<char>(other[i] ^ 0x40);
    const absl::StatusOr<LeafFields> changed = DecodeLeafEntry(other);
    // Version and length of the name are refused, every other byte comes back as it is.
    EXPECT_EQ(changed.ok(), i > 2) << i;
    if (changed.ok()) {
      EXPECT_EQ(EncodeLeafEntry(*changed), other);
    }
    EXPECT_FALSE(DecodeLeafEntry(entry.substr(0, i)).ok());
  }
  EXPECT_FALSE(DecodeLeafEntry(entry + "x").ok());
}

TEST(LeafTest, EveryFieldChangesTheHash) {
  const RecordedEvent event = ExampleEvent();
  std::set<std::string> hashes = {HashLeaf("quang-ninh", event, "record").ToHex(),
                                  HashLeaf("quang-nin", event, "record").ToHex(),
                                  HashLeaf("quang-ninh", event, "recorD").ToHex()};
  const auto add = [&](auto change) {
    RecordedEvent changed = event;
    change(changed);
    hashes.insert(HashLeaf("quang-ninh", changed, "record").ToHex());
  };
  add([](RecordedEvent& e) { ++e.position; });
  add([](RecordedEvent& e) { ++e.revision; });
  add([](RecordedEvent& e) { ++e.stream.kind; });
  add([](RecordedEvent& e) { e.stream.id.bytes[15] = 0; });
  add([](RecordedEvent& e) { e.event_id.bytes[15] = 0; });
  add([](RecordedEvent& e) { ++e.fact_type; });
  add([](RecordedEvent& e) { ++e.recorded_at; });
  add([](RecordedEvent& e) { e.previous_leaf_hash.bytes[31] = 0; });
  EXPECT_EQ(hashes.size(), 11u);
}

TEST(RecordTest, UnknownFormatVersionIsRefused) {
  storage::v1::StoredRecord record;
  ASSERT_TRUE(record.ParseFromString(*EncodeRecord("quang-ninh", ExampleEvent())));
  record.set_format_version(2);
  const StoredEvent stored = Stored(ExampleEvent(), record.SerializeAsString());
  EXPECT_EQ(DecodeEvent("quang-ninh", stored, {}).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(RecordTest, TruncatedOrMisplacedRecordIsDataLoss) {
  const RecordedEvent event = ExampleEvent();
  const std::string record = *EncodeRecord("quang-ninh", event);
  const auto code = [](const StoredEvent& stored, std::string_view ledger = "quang-ninh") {
    return DecodeEvent(ledger, stored, {}).status().code();
  };
  ASSERT_EQ(code(Stored(event, record)), absl::StatusCode::kOk);
  for (size_t size = 0; size < record.size(); ++size) {
    StoredEvent cut = Stored(event, record);
    cut.record.resize(size);
    EXPECT_EQ(code(cut), absl::StatusCode::kDataLoss) << size;
  }
  StoredEvent moved = Stored(event, record);
  ++moved.position;
  EXPECT_EQ(code(moved), absl::StatusCode::kDataLoss);
  moved = Stored(event, record);
  moved.stream.id = testing::RepeatedUuid(0x55);
  EXPECT_EQ(code(moved), absl::StatusCode::kDataLoss);
  EXPECT_EQ(code(Stored(event, record), "other"), absl::StatusCode::kDataLoss);
  RecordedEvent uncounted = event;
  uncounted.revision = 0;
  EXPECT_EQ(code(Stored(uncounted, *EncodeRecord("quang-ninh", uncounted))),
            absl::StatusCode::kDataLoss);
}

TEST(MarksTest, NoTwoKeysCollide) {
  const StreamId kRecord{1, testing::RepeatedUuid(0x61)}, kOther{1, testing::RepeatedUuid(0x62)};
  const std::vector<absl::StatusOr<std::string>> keys = {
      MarkKeys::Request("a", testing::RepeatedUuid(0x61)),
      MarkKeys::Request("aa", testing::RepeatedUuid(0x61)),
      MarkKeys::Request("", testing::RepeatedUuid(0x61)),
      MarkKeys::Name(1, "ab", "c"),
      MarkKeys::Name(1, "a", "bc"),
      MarkKeys::Name(1, "", "abc"),
      MarkKeys::Name(1, "abc", ""),
      MarkKeys::Name(2, "ab", "c"),
      MarkKeys::NameOfAnySource(1, "c"),
      MarkKeys::NameOfAnySource(1, "abc"),
      MarkKeys::NameOfAnySource(2, "c"),
      MarkKeys::NameOfAnySource(1, ""),
      MarkKeys::Reference(kRecord, kOther),
      MarkKeys::Reference(kOther, kRecord),
      MarkKeys::Reference(kRecord, kRecord),
  };
  std::set<std::string> distinct;
  for (const auto& key : keys) {
    ASSERT_TRUE(key.ok()) << key.status();
    distinct.insert(*key);
  }
  EXPECT_EQ(distinct.size(), keys.size());
  // None begins another, so a scan over one never meets the other.
  for (const std::string& a : distinct) {
    for (const std::string& b : distinct) EXPECT_TRUE(a == b || !b.starts_with(a)) << Hex(a);
  }
}

TEST(MarksTest, KeysAreThoseOfTheWorkedExample) {
  EXPECT_EQ(Hex(*MarkKeys::Request("hotline", testing::RepeatedUuid(0x33))),
            DocumentedHex("### A request's key"));
  EXPECT_EQ(Hex(*MarkKeys::Name(3, "paper", "C-1")), DocumentedHex("### A name's key"));
  EXPECT_EQ(Hex(*MarkKeys::NameOfAnySource(3, "C-1")),
            DocumentedHex("### The key of a name whatever its source"));
  EXPECT_EQ(
      Hex(MarkKeys::Reference({3, testing::RepeatedUuid(0x11)}, {2, testing::RepeatedUuid(0x22)})),
      DocumentedHex("### A reference's key"));
}

TEST(MarksTest, ReferrerIsReadFromTheKeyAndDamageIsDataLoss) {
  const StreamId to{3, testing::RepeatedUuid(0x11)}, from{70'000, testing::RepeatedUuid(0x22)};
  const std::string key = MarkKeys::Reference(to, from);
  EXPECT_TRUE(key.starts_with(MarkKeys::ReferencesTo(to)));
  EXPECT_FALSE(key.starts_with(MarkKeys::ReferencesTo(from)));
  EXPECT_EQ(*DecodeReferrer(key), from);
  for (const std::string& damaged :
       {key + "x", key.substr(1), key.substr(0, key.size() - 1), "\x02" + key.substr(1)}) {
    EXPECT_EQ(DecodeReferrer(damaged).status().code(), absl::StatusCode::kDataLoss);
  }
}

TEST(MarksTest, TooLongTextsAreRefused) {
  const std::string longest(MarkKeys::kMaxTextBytes, 'x');
  EXPECT_TRUE(MarkKeys::Name(1, longest, longest).ok());
  for (const auto& key :
       {MarkKeys::Name(1, longest + "x", ""), MarkKeys::Name(1, "", longest + "x"),
        MarkKeys::NameOfAnySource(1, longest + "x"), MarkKeys::Request(longest + "x", {})}) {
    EXPECT_EQ(key.status().code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST(MarksTest, ValuesReadBackAndDamageIsDataLoss) {
  const auto request =
      DecodeRequestMark(EncodeMark(RequestMark{testing::RepeatedHash(9), 1'000'000, 12}));
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->digest, testing::RepeatedHash(9));
  EXPECT_EQ(request->first_position, 1'000'000u);
  EXPECT_EQ(request->event_count, 12u);
  const auto name = DecodeNameMark(EncodeMark(NameMark{{3, testing::RepeatedUuid(5)}, true}));
  ASSERT_TRUE(name.ok()) << name.status();
  EXPECT_EQ(name->stream, (StreamId{3, testing::RepeatedUuid(5)}));
  EXPECT_TRUE(name->ambiguous);
  for (const std::string& damaged : {std::string(), std::string("\xFF\xFF"), std::string("x")}) {
    EXPECT_EQ(DecodeRequestMark(damaged).status().code(), absl::StatusCode::kDataLoss);
    EXPECT_EQ(DecodeNameMark(damaged).status().code(), absl::StatusCode::kDataLoss);
  }
}

TEST(Utf8Test, AcceptsTextAndRefusesTheRest) {
  for (const char* good : {"", "plain", "Nguyễn Thị Ánh", "\xF0\x9F\x8C\x8A", "\xEF\xBF\xBF",
                           "\xF4\x8F\xBF\xBF", "\xED\x9F\xBF"}) {
    EXPECT_TRUE(IsUtf8(good)) << good;
  }
  for (const char* bad :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xC3", "\xC3(", "\xE0\x80\x80", "\xE1\x80", "\xED\xA0\x80",
        "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    EXPECT_FALSE(IsUtf8(bad)) << Hex(bad);
  }
}

}  // namespace
}  // namespace caseledger::eventstore
