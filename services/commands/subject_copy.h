// What of a fact is handed to the person it is about, when they ask what is held about them: all
// that is about them and about nobody else. Works on the protos' options, so that a new field is
// kept back unless it is sure whom it is about.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "caseledger/event/v1/fact.pb.h"
#include "caseledger/v1/privacy.pb.h"

namespace caseledger::commands {

// How a record stands to the person.
struct SubjectStanding {
  bool own = false;      // their own record
  bool client = false;   // a case they are a client of, or a contact of one
  bool alone = false;    // nobody else is cared for in it
  bool contact = false;  // a contact of such a case
  bool spoke = false;    // and they spoke in it themselves
};

// Immutable, thread-safe.
class SubjectCopy {
 public:
  // UUIDs of the person's record and of those merged into it.
  explicit SubjectCopy(std::set<std::string> person_ids) : person_ids_(std::move(person_ids)) {}

  const std::set<std::string>& person_ids() const { return person_ids_; }

  // Whether anything of the fact is handed out: it names the person, or it names nobody and the
  // record is theirs or a note names them.
  bool IsForThem(const event::v1::Fact& fact, const SubjectStanding& standing) const;

  // Takes out of an opened fact what is not for them, and says what and why:
  // - ids of other persons
  // - all but the notes, of a fact that is about them in nothing else
  // - notes that name others, or that name nobody in a record that is about others, too
  // - what is personal of others; who called, unless they did themselves
  // - where a shelter is
  std::vector<v1::KeptBackPart> TakeOut(event::v1::Fact& fact,
                                        const SubjectStanding& standing) const;

 private:
  std::set<std::string> person_ids_;
};

}  // namespace caseledger::commands
