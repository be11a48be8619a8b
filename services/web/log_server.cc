#include "services/web/log_server.h"

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "eventstore/base/big_endian.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/verifiable/tile.h"
#include "eventstore/verifiable/tree_edge.h"

namespace caseledger::web {
namespace {

using eventstore::TileId;

constexpr char kBytes[] = "application/octet-stream";
// A checkpoint is replaced every second. What a tile's path names never changes; entries are not
// for caches that others share.
constexpr char kCheckpointCaching[] = "public, max-age=1";
constexpr char kTileCaching[] = "public, max-age=31536000, immutable";
constexpr char kEntriesCaching[] = "private, max-age=31536000, immutable";

// What a path within a log names.
struct Resource {
  bool checkpoint = false;
  eventstore::TilePathParts parts;  // unless checkpoint
};

std::optional<Resource> ParseResource(std::string_view path) {
  if (path == "checkpoint") return Resource{true, {}};
  const std::optional<eventstore::TilePathParts> parts = eventstore::ParseTilePath(path);
  if (!parts) return std::nullopt;
  return Resource{false, *parts};
}

struct Found {
  const commands::Ledger* ledger;
  Resource resource;
};

// With the ledger's name first, so that a ledger may be called `tile`.
std::optional<Found> Find(const commands::Ledgers& ledgers, std::string_view path) {
  const size_t slash = path.find('/');
  if (slash != std::string_view::npos && slash > 0) {
    const absl::StatusOr<commands::Ledger*> named = ledgers.Find(path.substr(0, slash));
    const std::optional<Resource> resource = ParseResource(path.substr(slash + 1));
    if (named.ok() && resource) return Found{*named, *resource};
  }
  const absl::StatusOr<commands::Ledger*> only = ledgers.Find("");
  const std::optional<Resource> resource = ParseResource(path);
  if (!only.ok() || !resource) return std::nullopt;
  return Found{*only, *resource};
}

HttpResponse Failed(const absl::Status& status) {
  return PlainAnswer(absl::IsUnavailable(status) ? 503 : 500, FromAbsl(status.message()));
}

HttpResponse Bytes(std::string body, const char* caching) {
  return {200, kBytes, std::move(body), {{"Cache-Control", caching}}};
}

HttpResponse AnswerTile(const commands::Ledger& ledger, const TileId& tile) {
  const absl::StatusOr<std::vector<Hash256>> hashes = ledger.parts.stored->Tiles()(tile);
  if (!hashes.ok()) return Failed(hashes.status());
  return Bytes(eventstore::TileBytes(*hashes), kTileCaching);
}

// Each entry after its length (c2sp.org/tlog-tiles, "Log entries").
HttpResponse AnswerEntries(const commands::Ledger& ledger, const TileId& tile) {
  const uint64_t first = tile.index * eventstore::kTileWidth;
  std::string bundle;
  uint64_t count = 0;
  const absl::Status read =
      ledger.parts.stored->Read(first, first + tile.width, [&](const eventstore::StoredLeaf& leaf) {
        AppendLengthPrefixed(bundle, leaf.entry);
        ++count;
        return true;
      });
  if (!read.ok()) return Failed(read);
  if (count != tile.width) {
    return Failed(absl::DataLossError(StrCat("no record at ", first + count)));
  }
  return Bytes(std::move(bundle), kEntriesCaching);
}

HttpResponse AnswerFound(const Found& found, const LogServerOptions& options) {
  const commands::LedgerParts& parts = found.ledger->parts;
  const auto newest = parts.signer == nullptr ? nullptr : parts.signer->Latest();
  if (newest == nullptr) {
    return PlainAnswer(404, "the ledger has no checkpoint yet; one follows after its first event");
  }
  if (found.resource.checkpoint) {
    return {200, kPlainText, newest->note, {{"Cache-Control", kCheckpointCaching}}};
  }
  const auto& [tile, entries] = found.resource.parts;
  if (entries && !options.serve_entries) {
    return PlainAnswer(404,
                       "entries show streams, types and times and are for auditors: this server "
                       "does not serve them; start it with --serve-entries where only auditors "
                       "can connect");
  }
  const std::optional<TileId> in_tree =
      eventstore::TileOfTree(newest->checkpoint.size, entries ? 0 : tile.level, tile.index);
  if (!in_tree || tile.width > in_tree->width) {
    return PlainAnswer(404, "the newest checkpoint's tree has no such tile");
  }
  return entries ? AnswerEntries(*found.ledger, tile) : AnswerTile(*found.ledger, tile);
}

}  // namespace

HttpResponse AnswerLogRequest(const commands::Ledgers& ledgers, const LogServerOptions& options,
                              const HttpRequest& request) {
  if (request.method != "GET" && request.method != "HEAD") {
    HttpResponse refused = PlainAnswer(405, "the log is read only: use GET or HEAD");
    refused.headers.emplace_back("Allow", "GET, HEAD");
    return refused;
  }
  std::string_view path = request.target;
  if (path.starts_with('/')) path.remove_prefix(1);
  const std::optional<Found> found = Find(ledgers, path);
  if (!found) {
    return PlainAnswer(404,
                       "no such path; there are /LEDGER/checkpoint, /LEDGER/tile/L/N[.p/W] and "
                       "/LEDGER/tile/entries/N[.p/W]");
  }
  return AnswerFound(*found, options);
}

absl::StatusOr<std::unique_ptr<HttpServer>> StartLogServer(const std::string& address,
                                                           const commands::Ledgers& ledgers,
                                                           const LogServerOptions& options) {
  return StartHttpServer(address, HttpLimits(), [&ledgers, options](const HttpRequest& request) {
    return AnswerLogRequest(ledgers, options, request);
  });
}

}  // namespace caseledger::web
