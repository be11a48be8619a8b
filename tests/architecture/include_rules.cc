#include "tests/architecture/include_rules.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string_view>

namespace caseledger::architecture {
namespace {

using Folders = std::set<std::string_view>;

// For each layer, the layers whose headers it may include. A layer that is not named here may
// include nothing of the project: name it when it is founded.
const std::map<std::string_view, Folders>& AllowedLayers() {
  static const auto& layers = *new std::map<std::string_view, Folders>{
      {"eventstore", {"eventstore"}},
      {"projections", {"eventstore", "projections"}},
      {"services/domain", {"services/domain"}},
      {"services/disclosure", {"projections", "services/disclosure"}},
      {"services/access", {"eventstore", "projections", "services/domain", "services/access"}},
      {"services/commands",
       {"eventstore", "projections", "services/domain", "services/access", "services/commands"}},
      {"services/timers",
       {"eventstore", "projections", "services/domain", "services/access", "services/commands",
        "services/timers"}},
      {"services/net", {"eventstore", "services/net"}},
      {"services/rpc",
       {"eventstore", "projections", "services/domain", "services/access", "services/commands",
        "services/disclosure", "services/net", "services/rpc"}},
      {"services/web",
       {"eventstore", "projections", "services/domain", "services/access", "services/commands",
        "services/net", "services/web"}},
      {"services/app",
       {"eventstore", "projections", "services/domain", "services/access", "services/commands",
        "services/timers", "services/net", "services/rpc", "services/web", "services/app"}},
  };
  return layers;
}

// Folders that only services/app may name, besides themselves.
constexpr std::array<std::string_view, 9> kImplementations = {
    "eventstore/engine/memory/",       "eventstore/engine/rocksdb/",
    "eventstore/engine/postgres/",     "eventstore/vault/rocksdb/",
    "eventstore/vault/postgres/",      "eventstore/postgres/",
    "projections/read_model/memory/",  "projections/read_model/rocksdb/",
    "projections/read_model/postgres/"};
// What engine, vault and read models in a database share.
constexpr std::string_view kPostgres = "eventstore/postgres/";

constexpr std::string_view kCommandLine = "services/app/cli/";

// What the command line brings to people besides being a client: programs of their own that share
// nothing with a running server.
constexpr std::array<std::string_view, 5> kBesideTheClient = {
    "services/access/rules/", "services/app/audit/", "services/app/bootstrap/",
    "services/app/storage/", "services/app/witness/"};

// Standard headers that would let a decision look at the clock, the disk or chance.
const Folders& ImpureHeaders() {
  static const auto& headers =
      *new Folders{"condition_variable", "cstdio", "ctime",  "filesystem",   "fstream", "future",
                   "iostream",           "mutex",  "random", "shared_mutex", "thread"};
  return headers;
}

// `eventstore`, `projections`, `services/domain` and so on; "" for what is none of the project's
// own layers.
std::string_view LayerOf(std::string_view path) {
  const size_t first = path.find('/');
  if (first == std::string_view::npos) return "";
  const std::string_view top = path.substr(0, first);
  if (top == "eventstore" || top == "projections") return top;
  if (top != "services") return "";
  return path.substr(0, path.find('/', first + 1));
}

bool IsStandard(const Include& include) {
  return include.angled && include.header.find_first_of("/.") == std::string::npos;
}

// `x.h`, `./x.h` and `../rpc/x.h` find their file beside the source, so no rule could tell whose it
// is.
bool IsRelative(const Include& include) {
  const std::string& header = include.header;
  if (header.starts_with('.') || header.find("/../") != std::string::npos) return true;
  return !include.angled && header.find('/') == std::string::npos;
}

std::optional<std::string_view> ImplementationOf(std::string_view path) {
  const auto* found =
      std::find_if(kImplementations.begin(), kImplementations.end(),
                   [&](std::string_view folder) { return path.starts_with(folder); });
  if (found == kImplementations.end()) return std::nullopt;
  return *found;
}

// Why the domain may not include the header, or "".
std::string_view DomainRule(const Include& include) {
  const std::string& header = include.header;
  if (IsStandard(include)) {
    return ImpureHeaders().contains(header) ? "the domain is pure: no clock, no disk, no chance"
                                            : "";
  }
  if (header == "absl/time/clock.h" || header.starts_with("absl/random/") ||
      header.starts_with("absl/synchronization/")) {
    return "the domain is pure: no clock, no chance, no threads";
  }
  for (const std::string_view allowed : {"absl/", "caseledger/event/", "caseledger/options/",
                                         "google/protobuf/", "services/domain/"}) {
    if (header.starts_with(allowed)) return "";
  }
  return "the domain includes only event protos, Abseil and the standard library";
}

// The texts that are loaded into the log, which projections work by.
bool IsOfADefinition(std::string_view header) {
  return header == "caseledger/v1/report_definition.pb.h" ||
         header == "caseledger/v1/deadlines.pb.h" || header == "caseledger/v1/retention.pb.h";
}

// Rules about headers from outside the project's layers, or "".
std::string_view ForeignRule(std::string_view path, std::string_view layer,
                             std::string_view header) {
  if (header.starts_with("caseledger/storage/") && layer != "eventstore") {
    return "storage protos stay under eventstore";
  }
  if (header.starts_with("caseledger/v1/") && !IsOfADefinition(header) &&
      !layer.starts_with("services/")) {
    return "the public messages belong to services, except definitions that projections read";
  }
  const bool grpc = header.starts_with("grpc") || header.ends_with(".grpc.pb.h");
  if (grpc && layer != "services/rpc" && layer != "services/app") {
    return "gRPC is spoken only in services/rpc and services/app";
  }
  if (header.starts_with("rocksdb/") && path.find("/rocksdb/") == std::string_view::npos) {
    return "RocksDB is spoken only in the folders named after it";
  }
  if (header == "libpq-fe.h" && path.find("/postgres/") == std::string_view::npos) {
    return "PostgreSQL is spoken only in the folders named after it";
  }
  if (header.starts_with("p11-kit/") && path.find("/pkcs11/") == std::string_view::npos) {
    return "PKCS#11 is spoken only in the folder named after it";
  }
  return "";
}

bool IsBesideTheClient(std::string_view header) {
  return std::any_of(kBesideTheClient.begin(), kBesideTheClient.end(),
                     [&](std::string_view folder) { return header.starts_with(folder); });
}

// Why the file may not include the header, or "".
std::string_view BrokenRule(const SourceFile& file, std::string_view layer,
                            const Include& include) {
  const std::string& header = include.header;
  if (IsRelative(include)) return "headers are named from the top of the tree";
  if (layer == "services/domain") return DomainRule(include);
  if (header.starts_with("tests/")) return "tests are for tests";
  const std::string_view target = LayerOf(header);
  if (!target.empty()) {
    const auto allowed = AllowedLayers().find(layer);
    if (allowed == AllowedLayers().end()) return "this layer is not in the table of layers";
    if (!allowed->second.contains(target)) return "includes point one way";
  }
  if (file.path.starts_with(kCommandLine) && header.starts_with("services/") &&
      !header.starts_with(kCommandLine) && !IsBesideTheClient(header)) {
    return "the command line is a client: it knows the public interface alone";
  }
  if (const auto implementation = ImplementationOf(header);
      implementation && layer != "services/app" && !file.path.starts_with(*implementation) &&
      (*implementation != kPostgres || file.path.find("/postgres/") == std::string::npos)) {
    return "only services/app names an engine";
  }
  return ForeignRule(file.path, layer, header);
}

}  // namespace

std::vector<std::string> IncludeViolations(const SourceFile& file) {
  std::vector<std::string> violations;
  const std::string_view layer = LayerOf(file.path);
  if (layer.empty()) return violations;
  for (const Include& include : IncludesOf(file.text)) {
    const std::string_view rule = BrokenRule(file, layer, include);
    if (rule.empty()) continue;
    std::ostringstream sentence;
    sentence << file.path << ':' << include.line << ": includes " << include.header << ": " << rule;
    violations.push_back(sentence.str());
  }
  return violations;
}

std::vector<std::string> PurityViolations(const SourceFile& file) {
  static const auto& kPrivate = *new std::regex(R"(\b\w*private_part\b|\b\w*Private\b)");
  static const auto& kClock = *new std::regex(R"(\b\w+_clock\b|\btime\(|\bgetenv\b)");
  std::vector<std::string> violations;
  if (LayerOf(file.path) != "services/domain") return violations;
  std::istringstream lines(WithoutComments(file.text));
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    const bool personal = std::regex_search(line, kPrivate);
    if (!personal && !std::regex_search(line, kClock)) continue;
    std::ostringstream sentence;
    sentence << file.path << ':' << number
             << (personal ? ": decide and evolve never read personal data"
                          : ": time comes in from the caller, never from a clock");
    violations.push_back(sentence.str());
  }
  return violations;
}

}  // namespace caseledger::architecture
