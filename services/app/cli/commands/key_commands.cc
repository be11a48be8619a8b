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
    "file itself (LEDGER.keys in the server's --key-dir, else in `keys` of its data directory) and "
    "need no server; a running server reads it again before it signs, a witness when it starts.";
constexpr char kKeyExamples[] =
    "Examples:\n"
    "  caseledger key list --key-file ~/caseledger/keys/quang-ninh.keys\n"
    "  caseledger key rotate --key-file ~/caseledger/keys/quang-ninh.keys --overlap-days 60";

std::string TimeText(Micros time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixMicros(time), absl::UTCTimeZone());
}

std::string UntilText(const std::optional<Micros>& until, Micros now) {
  if (!until) return "signs";
  return (now < *until ? "signs until " : "signed until ") + TimeText(*until);
}

nlohmann::ordered_json ToJson(const KeyRing::Listed& listed, Micros now) {
  nlohmann::ordered_json json{{"verifier_key", listed.key.ToText()},
                              {"signs", !listed.until || now < *listed.until}};
  if (listed.until) json["until"] = TimeText(*listed.until);
  return json;
}

absl::StatusOr<int> ListKeys(const std::string& path, const ClientOptions& options) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(options, "text", {"text", "json"}));
  ASSIGN_OR_RETURN(const KeyRing ring, KeyRing::Load(path));
  const Micros now = SystemClock().Now();
  nlohmann::ordered_json keys = nlohmann::ordered_json::array();
  for (const KeyRing::Listed& listed : ring.List()) {
    if (format == "json") {
      keys.push_back(ToJson(listed, now));
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
          fmt::format("no file {}. Check the path; --name makes the first key of a ledger that "
                      "has signed nothing yet, but replaces no lost one: for that, caseledgerd has "
                      "--new-origin",
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
  const bool of_witness = ring->algorithm() == eventstore::KeyAlgorithm::kCosignatureV1;
  fmt::print(stderr,
             "The new key signs {}; those before it go on for {} days.\n"
             "Give the verifier key above to everyone who checks checkpoints, before the old keys "
             "end.\n",
             of_witness ? "once the witness is started again" : "from the next checkpoint on",
             overlap_days);
  return kExitGood;
}

}  // namespace

void AddKeyCommands(CLI::App& app, Chosen& chosen) {
  CLI::App* key = app.add_subcommand("key", kKeyHelp);
  key->require_subcommand(1);
  key->footer(kKeyExamples);
  const auto path = std::make_shared<std::string>();

  CLI::App* list = key->add_subcommand("list", "Shows the verifier keys, the newest first");
  list->footer(kKeyExamples);
  list->add_option("--key-file", *path, "The ledger's key file")->required();
  list->callback([&chosen, path] {
    chosen.action = [path](const ClientOptions& options) { return ListKeys(*path, options); };
  });

  CLI::App* rotate = key->add_subcommand(
      "rotate", "Makes a new key; the old ones go on signing for a while, then no more");
  rotate->footer(kKeyExamples);
  const auto name = std::make_shared<std::string>();
  const auto days = std::make_shared<int>(30);
  rotate->add_option("--key-file", *path, "The ledger's key file")->required();
  rotate->add_option("--name", *name,
                     "The log's origin, when there is no key file: for a ledger that has signed "
                     "nothing yet");
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
