// The bytes of the vault's keys. This file alone knows them; no key equals or begins another of
// another kind (FORMAT.md).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "eventstore/base/uuid.h"
#include "eventstore/event.h"

namespace caseledger::eventstore {

class VaultRows {
 public:
  // What the vault is: VaultInfo.
  static std::string Info();
  // A data key in use, or what is left of it: VaultKey.
  static std::string Key(std::string_view ledger, const Uuid& key_id);
  static std::string KeysOf(std::string_view ledger);  // what those of a ledger begin with
  // That a key seals something about this record: empty.
  static std::string About(std::string_view ledger, const StreamId& subject, const Uuid& key_id);
  static std::string AllAbout(std::string_view ledger, const StreamId& subject);
  // The key that seals a record's events from now on: its id, 16 bytes.
  static std::string Current(std::string_view ledger, const StreamId& record);
  // A key that nothing is sealed with yet: WrappedKey.
  static std::string Spare(std::string_view ledger, const Uuid& key_id);
  static std::string SparesOf(std::string_view ledger);
  // How far a ledger is known: VaultMark.
  static std::string Mark(std::string_view ledger);
  // Up to where the ledger's erasures are carried out: VaultMark.
  static std::string Erased(std::string_view ledger);
  // A wrapping key that wraps something: a WrappedKey that it must open.
  static std::string Wrapping(const Uuid& wrapping_key_id);
  static std::string AllWrapping();
  // The secret under which a ledger's blind indexes are made: WrappedKey. One for each ledger.
  static std::string Index(std::string_view ledger, const Uuid& key_id);
  static std::string IndexOf(std::string_view ledger);
  // A wrapping key that wraps nothing any more and is to be destroyed: empty.
  static std::string Retired(const Uuid& wrapping_key_id);
  static std::string AllRetired();
  // A person whom no note of the ledger may name any more: empty. Of companions only.
  static std::string Gone(std::string_view ledger, const Uuid& person_id);
  static std::string AllGone(std::string_view ledger);
  // Those of every ledger.
  static std::string AllKeys();
  static std::string AllSpares();
  static std::string AllIndexes();

  // Of the key of a Spare row: the key it has once it was given out. Nothing for other rows.
  static std::optional<std::string> GivenOutAs(std::string_view row);

  // The id at the end of keys of Key, About, Spare, Wrapping, Retired, Gone and Index.
  static Uuid IdIn(std::string_view key);
};

}  // namespace caseledger::eventstore
