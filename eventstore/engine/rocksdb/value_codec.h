// The bytes of every value in the RocksDB engine; FORMAT.md describes them with a worked example.
//
// Every Decode gives nullopt for bytes that the matching Encode does not make.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "eventstore/engine/engine.h"
#include "eventstore/event.h"

namespace caseledger::eventstore::rocksdb_engine {

// Stream, revision and leaf hash stand before the record, so that the engine need not look into it.
std::string EncodeEvent(const StoredEvent& event);
// The position comes from the key.
std::optional<StoredEvent> DecodeEvent(uint64_t position, std::string_view value);
// The same into an event whose memory is used again. False instead of nullopt.
bool DecodeEvent(uint64_t position, std::string_view value, StoredEvent& event);

std::string EncodePosition(uint64_t position);
std::optional<uint64_t> DecodePosition(std::string_view value);

std::string EncodeLedgerHead(const LedgerHead& head);
std::optional<LedgerHead> DecodeLedgerHead(std::string_view value);

std::string EncodeStreamHead(const StreamHead& head);
std::optional<StreamHead> DecodeStreamHead(std::string_view value);

}  // namespace caseledger::eventstore::rocksdb_engine
