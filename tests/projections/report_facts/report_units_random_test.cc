// Figures in units of another version, over random successions with corrections and voids, as of
// random points: compared with where each case may lie, thought through tenth by tenth.
#include <algorithm>
#include <cstdio>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/projections/report_facts/known.h"
#include "tests/projections/report_facts/ledger.h"

namespace caseledger::projections {
namespace {

using event::v1::Fact;
using options::v1::RECORD_KIND_ADMIN_UNITS;
using options::v1::RECORD_KIND_CASE_RECORD;
using options::v1::RecordKind;

constexpr int kDistricts = 3;
constexpr int kCommunes = 9;  // of each version, three in each district
constexpr int kTenths = 10;

std::string DistrictOf(const std::string& commune) {
  return absl::StrCat("d", (commune[1] - '0') / 3);
}

class Reform {
 public:
  explicit Reform(uint64_t seed) : random_(seed) {
    for (const char* version : {"old", "new"}) {
      for (int i = 0; i < kDistricts; ++i) Register(version, absl::StrCat("d", i), "district", "");
      for (int i = 0; i < kCommunes; ++i) {
        const std::string code = absl::StrCat("c", i);
        Register(version, code, "commune", DistrictOf(code));
      }
    }
  }

  void Live(int steps) {
    for (int i = 0; i < steps; ++i) Step();
  }
  size_t Any(size_t below) { return std::uniform_int_distribution<size_t>(0, below - 1)(random_); }
  std::string AnyCommune() { return absl::StrCat("c", Any(kCommunes)); }
  const Ledger& ledger() const { return ledger_; }
  const std::vector<Written>& events() const { return events_; }

 private:
  void Register(const std::string& version, const std::string& code, const std::string& kind,
                const std::string& parent) {
    Write(RECORD_KIND_ADMIN_UNITS, version,
          ParseFact(absl::StrCat("admin_unit_registered { code: '", code, "' version: '", version,
                                 "' kind: '", kind, "' name: 'x' parent_code: '", parent, "' }")));
  }

  // Mostly to a commune of the same district, and mostly what is left of the whole.
  Fact Succession() {
    const std::string before = AnyCommune();
    std::string after = AnyCommune();
    while (Any(4) > 0 && DistrictOf(after) != DistrictOf(before)) after = AnyCommune();
    const size_t tenths = Any(2) == 0 ? kTenths : 1 + Any(kTenths);
    return ParseFact(absl::StrCat("unit_succession_recorded { code: '", after,
                                  "' version: 'new' predecessor { code: '", before,
                                  "' version: 'old' } share_millionths: ", tenths * 100'000, " }"));
  }
  Fact Opened() {
    const size_t kind = Any(8);
    const std::string code = kind == 0 ? absl::StrCat("d", Any(kDistricts)) : AnyCommune();
    return ParseFact(absl::StrCat("case_opened { unit { code: '", code, "' version: '",
                                  Any(2) == 0 ? "old" : "new", "' } }"));
  }

  void Step() {
    const Written& target = events_[Any(events_.size())];
    const bool is_succession = target.fact.has_unit_succession_recorded();
    if (Any(6) == 0 && (is_succession || target.fact.has_case_opened())) {
      Fact fact;
      if (Any(3) == 0) {
        fact.mutable_event_voided()->set_target_event_id(Id(target.event));
      } else {
        fact.mutable_fact_corrected()->set_target_event_id(Id(target.event));
        *fact.mutable_fact_corrected()->mutable_replacement() =
            is_succession ? Succession() : Opened();
      }
      const RecordKind kind = target.kind;
      Write(kind, std::string(target.record), fact);
      return;
    }
    if (Any(3) == 0) {
      Write(RECORD_KIND_ADMIN_UNITS, "new", Succession());
    } else {
      Write(RECORD_KIND_CASE_RECORD, absl::StrCat("case", events_.size()), Opened());
    }
  }

  void Write(RecordKind kind, const std::string& record, const Fact& fact) {
    const Micros at = At("2024-02-01");
    const std::string event = ledger_.Record(kind, record, at, fact);
    events_.push_back({kind, record, event, at, at, fact});
  }

  std::mt19937_64 random_;
  Ledger ledger_;
  std::vector<Written> events_;
};

// Where what happened in a unit may have happened, in communes of the other version.
class Places {
 public:
  static constexpr char kElsewhere[] = "elsewhere";

  Places(const std::vector<Written>& events, size_t n) {
    for (const auto& [record, facts] : KnownAfter(events, n)) {
      for (const Counted& each : facts) {
        if (each.fact.has_case_opened()) {
          const event::v1::UnitRef& unit = each.fact.case_opened().unit();
          cases_.emplace_back(unit.code(), unit.version());
        } else if (each.fact.has_unit_succession_recorded()) {
          const event::v1::UnitSuccessionRecorded& one = each.fact.unit_succession_recorded();
          tenths_[one.predecessor().code()][one.code()] = one.share_millionths() / 100'000;
        }
      }
    }
  }

  struct Told {
    int64_t in_district = 0;
    uint64_t perhaps = 0;
    std::map<std::string, uint64_t> groups;  // by district
  };

  // Of all cases, in districts of `version`.
  Told In(const std::string& district, const std::string& version) const {
    Told told;
    for (const auto& [code, of_version] : cases_) {
      std::set<std::string> districts;
      for (const std::string& commune : Where(code, of_version, version)) {
        districts.insert(commune == kElsewhere ? kElsewhere : DistrictOf(commune));
      }
      const bool sure = districts.size() == 1 && !districts.contains(kElsewhere);
      if (sure && districts.contains(district)) ++told.in_district;
      if (!sure && (districts.contains(district) || districts.contains(kElsewhere))) ++told.perhaps;
      ++told.groups[sure ? *districts.begin() + "@" + version : "not_attributable"];
    }
    return told;
  }

 private:
  std::set<std::string> Where(const std::string& code, const std::string& of_version,
                              const std::string& version) const {
    if (of_version == version) {
      if (code[0] == 'c') return {code};
      return {absl::StrCat("c", (code[1] - '0') * 3)};  // any commune of the district
    }
    std::set<std::string> where;
    if (of_version == "old") {
      uint64_t tenths = 0;
      if (const auto after = tenths_.find(code); after != tenths_.end()) {
        for (const auto& [commune, share] : after->second) {
          tenths += share;
          where.insert(commune);
        }
      }
      if (tenths < kTenths) where.insert(kElsewhere);
    } else {
      for (const auto& [before, after] : tenths_) {
        if (after.contains(code)) where.insert(before);
      }
      if (where.empty()) where.insert(kElsewhere);
    }
    return where;
  }

  std::vector<std::pair<std::string, std::string>> cases_;  // code and version of their units
  std::map<std::string, std::map<std::string, uint64_t>> tenths_;
};

TEST(UnitsOfRandomReforms, AreWhereTheyMustBe) {
  const uint64_t first_seed = std::random_device{}();
  std::printf("first seed %llu\n", static_cast<unsigned long long>(first_seed));
  int64_t sure = 0;
  uint64_t unsure = 0;
  for (uint64_t seed = first_seed; seed < first_seed + 60; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    Reform reform(seed);
    reform.Live(60);
    for (const size_t n : {reform.events().size(), reform.Any(reform.events().size() + 1)}) {
      const Places by_hand(reform.events(), n);
      for (const std::string version : {"old", "new"}) {
        const std::string district = absl::StrCat("d", reform.Any(kDistricts));
        const Places::Told expected = by_hand.In(district, version);
        const std::string within =
            "fact: 'case_open' filters { field: 'case.unit' within { code: '" + district +
            "' version: '" + version + "' } }";
        EXPECT_EQ(Figure(reform.ledger(), within, n), expected.in_district) << within << n;
        EXPECT_EQ(NotAttributable(reform.ledger(), within, n), expected.perhaps) << within << n;
        const Groups groups =
            GroupsOf(reform.ledger(),
                     "fact: 'case_open' by { field: 'case.unit' unit_kinds: 'district' "
                     "unit_version: '" +
                         version + "' }",
                     n);
        EXPECT_EQ((std::map<std::string, uint64_t>(groups.begin(), groups.end())), expected.groups);
        sure += expected.in_district;
        unsure += expected.perhaps;
      }
    }
    if (HasFailure()) return;
  }
  EXPECT_GT(sure, 500) << "else the histories say too little";
  EXPECT_GT(unsure, 500U) << "else the histories say too little";
}

}  // namespace
}  // namespace caseledger::projections
