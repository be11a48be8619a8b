// Random bytes as messages to every method: the server stays well and records nothing.
#include <google/protobuf/stubs/logging.h>

#include <cstdio>
#include <cstdlib>
#include <random>

#include "tests/integration/operation/raw_call.h"
#include "tests/integration/support/server_fixture.h"

namespace caseledger::testing {
namespace {

// As each caller about a third.
constexpr size_t kUnaryTries = 120;
constexpr size_t kStreamTries = 45;

using Garbage = ServerTest;

uint64_t Seed() {
  const char* given = std::getenv("CASELEDGER_TEST_SEED");
  return given == nullptr ? std::random_device{}() : std::strtoull(given, nullptr, 10);
}

// Bytes that are often a readable message of unknown or odd fields, else anything.
std::string RandomBytes(std::mt19937_64& random) {
  std::string bytes;
  const size_t fields = random() % 6;
  for (size_t i = 0; i < fields; ++i) {
    const size_t size = random() % 40;
    bytes += static_cast<char>(((random() % 15 + 1) << 3) | 2);
    bytes += static_cast<char>(size);
    for (size_t j = 0; j < size; ++j) bytes += static_cast<char>(random());
  }
  if (random() % 3 == 0 && !bytes.empty()) bytes.resize(random() % bytes.size());
  return bytes;
}

TEST_F(Garbage, HarmsNothingWhateverMethodItIsSentTo) {
  google::protobuf::SetLogHandler(nullptr);  // as quiet as the program is
  const uint64_t seed = Seed();
  SCOPED_TRACE(::testing::Message() << "CASELEDGER_TEST_SEED=" << seed);
  std::printf("CASELEDGER_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed));
  std::mt19937_64 random(seed);
  client().Record("", "contact_received { channel: 'sms' }");
  const Client administrator(cast(), "", Cast::Administrator());
  // One or another may use each method.
  const std::vector<const Client*> callers = {&client(), &auditor(), &administrator};
  const uint64_t head = client().EventCount();
  for (const auto* method : PublicMethods()) {
    const std::string path = "/" + method->service()->full_name() + "/" + method->name();
    const bool streams = method->server_streaming() || method->client_streaming();
    for (size_t i = 0; i < (streams ? kStreamTries : kUnaryTries); ++i) {
      const Client& caller = *callers[i % callers.size()];
      if (streams) {
        CallStream(caller, path, {RandomBytes(random)}, 1);
      } else {
        grpc::ByteBuffer reply;
        caller.CallRaw(path, BytesOf(RandomBytes(random)), reply);
      }
    }
    ASSERT_TRUE(IsServing(cast(), "")) << "after " << path;
    ASSERT_EQ(client().EventCount(), head) << "after " << path;
  }
  EXPECT_EQ(client().Record("", "contact_received { channel: 'sms' }").events(0).position(), head);
}

}  // namespace
}  // namespace caseledger::testing
