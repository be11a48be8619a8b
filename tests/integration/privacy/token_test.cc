// A server whose wrapping keys are in a token behind PKCS#11, from the bootstrap on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "eventstore/base/random.h"
#include "eventstore/engine/rocksdb/rocksdb_engine.h"
#include "services/app/bootstrap/bootstrap.h"
#include "services/app/server/server.h"
#include "services/app/vault/vault_files.h"
#include "services/rpc/tls.h"
#include "tests/eventstore/vault/soft_token.h"
#include "tests/integration/support/scratch_directory.h"
#include "tests/support/admission.h"
#include "tests/support/fake_clock.h"
#include "tests/support/identities.h"

namespace caseledger::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// Before gRPC is used for the first time.
const bool kOnlyTls13 = [] {
  rpc::SpeakOnlyTls13();
  return true;
}();

class TokenOfAServer : public ::testing::Test {
 protected:
  TokenOfAServer() : identities_(directory_ / "pki") {
    place_.module_path = token_.options().module_path;
    place_.token_label = token_.options().login.token_label;
    place_.pin_file = token_.options().login.pin_file;
  }

  absl::Status Begin() {
    app::BootstrapRequest request;
    request.data_dir = data_dir_;
    request.token = place_;
    request.ledger = "quang-ninh";
    request.agency = "so-qn";
    request.agency_name = "Sở";
    request.person = "quan-tri";
    request.rules = DeliveredRules();
    return app::Bootstrap(request, clock_, SystemRandom()).status();
  }
  absl::Status StartAndStop(const app::WrappingToken& token) {
    app::ServerOptions options;
    identities_.Configure(options);
    options.data_dir = data_dir_;
    options.listen = "127.0.0.1:0";
    options.metrics_listen = "";
    options.log_listen = "";
    options.ledgers = {"quang-ninh"};
    options.log_level = "off";
    options.wrapping_token = token;
    auto server = app::StartServer(options, clock_, SystemRandom());
    return server.ok() ? (*server)->Shutdown() : server.status();
  }
  // With the vault while no server has it.
  void WithVault(const std::function<void(app::VaultFiles&)>& use) {
    eventstore::RocksDbOptions log;
    log.path = data_dir_ + "/log";
    const auto engine = eventstore::OpenRocksDbEngine(log);
    ASSERT_TRUE(engine.ok()) << engine.status();
    app::VaultPlace place = app::VaultIn(data_dir_);
    place.token = place_;
    const auto files = app::VaultFiles::Open(place, **engine, clock_, SystemRandom());
    ASSERT_TRUE(files.ok()) << files.status();
    use(**files);
    EXPECT_TRUE((*files)->Close().ok());
    EXPECT_TRUE((*engine)->Close().ok());
  }

  ScratchDirectory directory_;
  const std::string data_dir_ = directory_ / "data";
  FakeClock clock_;
  Identities identities_;
  eventstore::testing::SoftToken token_;
  app::WrappingToken place_;
};

TEST_F(TokenOfAServer, HoldsTheWrappingKeysAndNoFileDoes) {
  ASSERT_TRUE(kOnlyTls13);
  const absl::Status begun = Begin();
  ASSERT_TRUE(begun.ok()) << begun;
  EXPECT_TRUE(fs::exists(data_dir_ + "/vault"));
  EXPECT_FALSE(fs::exists(data_dir_ + "/wrapping-keys"));
  const absl::Status served = StartAndStop(place_);
  EXPECT_TRUE(served.ok()) << served;
  EXPECT_FALSE(fs::exists(data_dir_ + "/wrapping-keys"));

  std::vector<eventstore::WrappingKeyInfo> before;
  WithVault([&](app::VaultFiles& files) {
    ASSERT_NE(files.vault(), nullptr) << files.missing();
    before = files.vault()->ListWrappingKeys().value();
    ASSERT_THAT(before, SizeIs(1));
    const absl::Status rotated =
        files.vault()->Rotate([](const eventstore::RotationProgress&) { return true; });
    EXPECT_TRUE(rotated.ok()) << rotated;
  });
  WithVault([&](app::VaultFiles& files) {
    ASSERT_NE(files.vault(), nullptr) << files.missing();
    const auto after = files.vault()->ListWrappingKeys().value();
    ASSERT_THAT(after, SizeIs(1));
    EXPECT_NE(after[0].id, before[0].id);
  });
}

TEST_F(TokenOfAServer, IsNamedWhenItIsAwayAndAskedForInWhole) {
  ASSERT_TRUE(Begin().ok());
  fs::remove(place_.pin_file);
  WithVault([&](app::VaultFiles& files) {
    EXPECT_EQ(files.vault(), nullptr);
    EXPECT_THAT(files.missing().ToString(), HasSubstr("VAULT_MISSING"));
    EXPECT_THAT(files.missing().ToString(), HasSubstr(place_.token_label));
  });
  app::WrappingToken half = place_;
  half.pin_file.clear();
  const absl::Status refused = StartAndStop(half);
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(refused.ToString(), HasSubstr("--wrapping-pin-file"));
}

}  // namespace
}  // namespace caseledger::testing
