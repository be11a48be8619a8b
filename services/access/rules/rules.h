// Who may do what: the rules of a ledger, parsed from their text, and the one question they answer.
// README.md beside this says how the text is written. Pure: roles, relations and consent come in,
// an answer goes out; the same rules decide single calls and filter lists.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "caseledger/options/v1/options.pb.h"
#include "eventstore/base/clock.h"

namespace caseledger::access {

// How a caller stands to a record. Of persons and contacts also through the cases they belong to.
enum class Relation : uint8_t {
  kOwnAgency,    // `own_agency`: the record is the caller's agency, or speaks of it alone
  kRegistered,   // `registered`: the caller's agency made the record (contacts, persons)
  kOwnerAgency,  // `owner_agency`: the caller's agency owns the case
  kAssigned,     // `assigned`: that, and the caller is the worker it is assigned to
  kOffered,      // `offered`: a referral to the caller's agency awaits its answer
  kReferred,  // `referred`: the agency accepted a referral that is active, or was completed within
              // the grace period
  kSheltering,  // `sheltering`: the agency's shelter holds a bed for the case or has a resident of
                // it
  kOwnShelter,  // `own_shelter`: the agency runs the shelter
  kBringing,    // `bringing`: a case the agency owns has a placement in the shelter
  kBreakGlass,  // `break_glass`: the caller opened the case in an emergency, and the window is open
  kSelf,        // `self`: the record is the caller's own trail
};
// Number of relations; values are 0 to this.
inline constexpr int kRelationCount = 11;

class Relations {
 public:
  Relations() = default;
  Relations(std::initializer_list<Relation> relations) {
    for (const Relation relation : relations) Add(relation);
  }
  void Add(Relation relation) { bits_ |= 1U << static_cast<unsigned>(relation); }
  void Add(Relations others) { bits_ |= others.bits_; }
  bool Has(Relation relation) const { return (bits_ >> static_cast<unsigned>(relation) & 1U) != 0; }
  bool HasAnyOf(Relations others) const { return (bits_ & others.bits_) != 0; }
  bool empty() const { return bits_ == 0; }
  friend bool operator==(Relations, Relations) = default;

 private:
  uint32_t bits_ = 0;
};

// The name that rules use, such as `owner_agency`.
std::string_view NameOf(Relation relation);
// Names of all that are there, in the order of the enumeration.
std::vector<std::string> NamesOf(Relations relations);

// How sensitive the fields are that are shown, at most. Ordered: each shows what those before show.
enum class Level : uint8_t {
  kNothing,         // `nothing`: that the record is there, and no field of it
  kPublic,          // `public`
  kInternal,        // `internal`
  kShared,          // `shared`: internal, and those personal or sensitive fields that were shared
  kPersonal,        // `personal`
  kSensitive,       // `sensitive`
  kLocationSecret,  // `location_secret`
};
std::string_view NameOf(Level level);

// Actions are the methods of the public services (`OpenCase`, `GetCase`), and besides
inline constexpr std::string_view kImportAction =
    "Import";  // a command that carries an import source
inline constexpr std::string_view kReferAction = "Refer";  // naming the record in a fact of another

struct Question {
  std::string_view action;
  // Kind of the record; RECORD_KIND_UNSPECIFIED for actions that are about none.
  options::v1::RecordKind kind = options::v1::RECORD_KIND_UNSPECIFIED;
  const std::set<std::string>* roles = nullptr;  // never null; granted and in force
  Relations relations;                           // to the record
  // A consent of the person, or a legal basis, covers that the caller's agency is shown the record.
  bool consent = false;
  bool purpose = false;  // the caller said why
  bool warrant = false;  // the caller named a warrant
};

// Why a question is answered with no. In order of precedence: of several rules that nearly allow
// it, the one that misses least gives the reason.
enum class Refusal : uint8_t {
  kNone,        // allowed
  kForbidden,   // `FORBIDDEN`: a rule says never
  kNoRole,      // `NO_ROLE`: no rule lets any of the roles do this to such a record
  kNoRelation,  // `NO_RELATION`
  kNoConsent,   // `NO_CONSENT`
  kNoPurpose,   // `NO_PURPOSE`
  kNoWarrant,   // `NO_WARRANT`
};
std::string_view NameOf(Refusal refusal);

struct Answer {
  Refusal refusal = Refusal::kNoRole;
  Level level = Level::kNothing;  // when allowed: the highest of all rules that allow it
  uint32_t line = 0;              // of the rule that decides, from 1; 0: none allows it

  bool allowed() const { return refusal == Refusal::kNone; }
};

// The longest window of break-glass that a text may allow, and UseBreakGlassRequest.minutes may
// ask.
inline constexpr Micros kMostBreakGlass = Micros{4} * 3600 * kMicrosPerSecond;

// What a text says, compiled; rule_table.h.
struct RuleTable;

// Immutable; thread-safe; copies share what they hold.
class Rules {
 public:
  // Allows nothing.
  Rules();

  // `actions`: all that a rule may name; each must be decided by at least one.
  // INVALID_ARGUMENT: every error on a line of its own, at most 24, such as
  // `line 12: no action "GetCas"; did you mean "GetCase"?`
  static absl::StatusOr<Rules> Parse(std::string_view text, const std::set<std::string>& actions);

  // The same of a text that was parsed when it was loaded, maybe by an older or newer program: a
  // method that it does not decide is refused to everybody, one that is gone is passed over.
  static absl::StatusOr<Rules> ParseLogged(std::string_view text,
                                           const std::set<std::string>& actions);

  // Version that the text says, at least 1; 0 for rules that allow nothing.
  uint32_t version() const;

  // How long after its completion a referral still gives access; 0 when the text does not say.
  Micros referral_grace() const;

  // The longest window of break-glass; 0, which is none, when the text does not say.
  Micros longest_break_glass() const;

  Answer Ask(const Question& question) const;

  // The rule that begins in that line, without comments and with the lines that go on with it; ""
  // when none does.
  std::string TextOfLine(uint32_t line) const;

  // Roles that a rule names.
  std::set<std::string> Roles() const;

 private:
  explicit Rules(std::shared_ptr<const RuleTable> table);

  std::shared_ptr<const RuleTable> table_;  // never null
};

}  // namespace caseledger::access
