#include <fmt/format.h>

#include <memory>

#include "absl/time/time.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/random.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/signing/key_ring.h"
#include "nlohmann/json.hpp"
#include "services/app/cli/commands/commands.h"

namespace caseledger::cli {
namespace {

using eventstore::KeyRing;

constexpr char kKeyHelp[] =
    "Keys that sign a ledger's checkpoints, or a witness's. These commands read and write the key "
    "file itself "
    "(KEY_DIR/LEDGER.keys of the server) and need no server; a running server reads it again "
    "before it signs.";

std::string UntilText(const std::optional<Micros>& until, Micros now) {
  if (!until) return "signs";
  const std::string time =
      absl::FormatTime(absl::RFC3339_sec, absl::FromUnixMicros(*until), absl::UTCTimeZone());
  return (now < *until ? "signs until " : "signed until ") + time;
}

absl::StatusOr<int> ListKeys(const std::string& path, const ClientOptions& options) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(options, "text", {"text", "json"}));
  ASSIGN_OR_RETURN(const KeyRing ring, KeyRing::Load(path));
  const Micros now = SystemClock().Now();
  nlohmann::ordered_json keys = nlohmann::ordered_json::array();
  for (const KeyRing::Listed& listed : ring.List()) {
    if (format == "json") {
      keys.push_back(
          {{"verifier_key", listed.key.ToText()}, {"signs", !listed.until || now < *listed.until}});
    } else {
      fmt::print("{}  {}\n", listed.key.ToText(), UntilText(listed.until, now));
    }
  }
  if (format == "json") fmt::print("{}\n", nlohmann::ordered_json{{"keys", keys}}.dump(2));
  return kExitGood;
}

absl::StatusOr<int> Rotate(const std::string& path, const std::string& name, int overlap_days) {
  absl::StatusOr<KeyRing> ring = KeyRing::Load(path);
  if (absl::IsNotFound(ring.status())) {
    if (name.empty()) {
      return absl::NotFoundError(
          fmt::format("no file {}; to make one for keys that are lost, give the log's origin "
                      "with --name",
                      path));
    }
    ring = KeyRing();
  }
  RETURN_IF_ERROR(ring.status());
  const std::vector<eventstore::VerifierKey> before = ring->Verifiers();
  const std::string origin = before.empty() ? name : before.front().id.name;
  if (!name.empty() && name != origin) {
    return absl::InvalidArgumentError(
        fmt::format("the keys in {} are those of {}, not of {}", path, origin, name));
  }
  const Micros until =
      SystemClock().Now() + overlap_days * absl::ToInt64Microseconds(absl::Hours(24));
  ASSIGN_OR_RETURN(const eventstore::VerifierKey key, ring->Add(origin, until, SystemRandom()));
  RETURN_IF_ERROR(ring->Save(path));
  fmt::print("{}\n", key.ToText());
  fmt::print(stderr,
             "The new key signs from the next checkpoint on; those before it go on for {} days.\n"
             "Give the verifier key above to everyone who checks checkpoints, before the old keys "
             "end.\n",
             overlap_days);
  return kExitGood;
}

}  // namespace

void AddKeyCommands(CLI::App& app, Chosen& chosen) {
  CLI::App* key = app.add_subcommand("key", kKeyHelp);
  key->require_subcommand(1);
  const auto path = std::make_shared<std::string>();

  CLI::App* list = key->add_subcommand("list", "Shows the verifier keys, the newest first");
  list->add_option("--key-file", *path, "The ledger's key file")->required();
  list->callback([&chosen, path] {
    chosen.action = [path](const ClientOptions& options) { return ListKeys(*path, options); };
  });

  CLI::App* rotate = key->add_subcommand(
      "rotate", "Makes a new key; the old ones go on signing for a while, then no more");
  const auto name = std::make_shared<std::string>();
  const auto days = std::make_shared<int>(30);
  rotate->add_option("--key-file", *path, "The ledger's key file")->required();
  rotate->add_option("--name", *name, "The log's origin; needed when the old keys are lost");
  rotate->add_option("--overlap-days", *days, "How long old and new both sign")
      ->capture_default_str()
      ->check(CLI::Range(0, 3650));
  rotate->callback([&chosen, path, name, days] {
    chosen.action = [path, name, days](const ClientOptions&) {
      return Rotate(*path, *name, *days);
    };
  });
}

}  // namespace caseledger::cli
