// The body of an add-checkpoint: one spelling, and nothing breaks its reader.
#include "eventstore/witness/add_checkpoint.h"

#include "tests/eventstore/witness/witnessed_log.h"
#include "tests/services/support/property.h"

namespace caseledger::eventstore {
namespace {

constexpr char kHash[] = "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=";

// The example of the specification.
TEST(AddCheckpointBody, IsThatOfTheSpecification) {
  const std::string checkpoint =
      "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
      "\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/"
      "Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";
  const std::string body = std::string("old 20852014\n") + kHash +
                           "\njrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n"
                           "5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n"
                           "/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n\n" +
                           checkpoint;
  const auto request = AddCheckpoint::Parse(body);
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->old_size, 20852014u);
  EXPECT_EQ(request->proof.size(), 4u);
  EXPECT_EQ(request->checkpoint, checkpoint);
  EXPECT_EQ(request->ToText(), body);
}

TEST(AddCheckpointBody, WhatHasAnotherFormIsRefused) {
  const std::string hash = std::string(kHash) + "\n";
  std::string hashes;
  for (size_t i = 0; i < AddCheckpoint::kMaxProofHashes; ++i) hashes += hash;
  EXPECT_TRUE(AddCheckpoint::Parse("old 1\n" + hashes + "\nnote").ok());
  const std::vector<std::string> bodies = {
      "",
      "\n",
      "old 1",
      "old 1\n",
      "old 1\n" + hash,
      "1\n\nnote",
      "new 1\n\nnote",
      "old\n\nnote",
      "old \n\nnote",
      "old -1\n\nnote",
      "old +1\n\nnote",
      "old 01\n\nnote",
      "old 1 \n\nnote",
      "old  1\n\nnote",
      "old 1\r\n\nnote",
      "old 0x1\n\nnote",
      "old 18446744073709551616\n\nnote",
      "OLD 1\n\nnote",
      "old 1\nshort=\n\nnote",
      "old 1\n" + std::string(kHash, 43) + "\n\nnote",  // without padding
      "old 1\n " + hash + "\nnote",
      "old 1\n" + hashes + hash + "\nnote",
      "old 1\n\n" + std::string(AddCheckpoint::kMaxBytes, 'x')};
  for (const std::string& body : bodies) {
    EXPECT_FALSE(AddCheckpoint::Parse(body).ok()) << body.substr(0, 80);
  }
}

RC_GTEST_PROP(AddCheckpointBody, AnyBytesAreReadOrRefused, (const std::string& bytes)) {
  const auto request = AddCheckpoint::Parse(bytes);
  if (request.ok()) RC_ASSERT(request->ToText() == bytes);
}

// Near to what is good: a good body with some bytes changed, added or left out.
RC_GTEST_PROP(AddCheckpointBody, WhatIsReadHasOneSpelling, ()) {
  static const auto& log = *[] {
    auto* made = new testing::WitnessedLog();
    made->GrowTo(300);
    return made;
  }();
  const auto old_size = *rc::gen::inRange<uint64_t>(0, 300);
  std::string body = log.Request(old_size, 300);
  const auto edits = *rc::gen::container<std::vector<std::pair<size_t, std::string>>>(
      rc::gen::pair(rc::gen::inRange<size_t>(0, body.size()), rc::gen::arbitrary<std::string>()));
  for (const auto& [at, bytes] : edits) {
    if (at < body.size()) body.replace(at, bytes.size() / 2, bytes);
  }
  const auto request = AddCheckpoint::Parse(body);
  if (request.ok()) RC_ASSERT(request->ToText() == body);
}

RC_GTEST_PROP(AddCheckpointBody, WhatIsWrittenReadsTheSame, (uint64_t old_size)) {
  AddCheckpoint request;
  request.old_size = old_size;
  const auto hashes = *rc::gen::inRange<size_t>(0, AddCheckpoint::kMaxProofHashes + 1);
  for (size_t i = 0; i < hashes; ++i) {
    request.proof.push_back(testing::LeafNumber(*rc::gen::arbitrary<uint64_t>()));
  }
  request.checkpoint = *rc::gen::arbitrary<std::string>();
  const auto read = AddCheckpoint::Parse(request.ToText());
  RC_ASSERT(read.ok());
  RC_ASSERT(read->old_size == request.old_size);
  RC_ASSERT(read->proof == request.proof);
  RC_ASSERT(read->checkpoint == request.checkpoint);
}

}  // namespace
}  // namespace caseledger::eventstore
