#include "projections/report_facts/compiled.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_join.h"
#include "caseledger/options/v1/options.pb.h"
#include "eventstore/base/strings.h"
#include "google/protobuf/descriptor.pb.h"
#include "projections/report_facts/countable.h"

namespace caseledger::projections {
namespace {

using google::protobuf::Message;
using google::protobuf::TextFormat;
using v1::Indicator;
using v1::ReportDefinition;
using Places = TextFormat::ParseInfoTree;

constexpr int kMaxIndicators = 500;
constexpr int kMaxIdentities = 200;
constexpr int kMaxRatios = 100;
constexpr uint32_t kMaxPer = 1'000'000;
constexpr int kMaxFilters = 32;
constexpr int kMaxCodes = 500;
constexpr int kMaxPlaces = 100;
constexpr int kMaxGroupings = 3;
constexpr int kMaxEdges = 100;
constexpr int kMaxUnitKinds = 20;
constexpr size_t kMaxVersionBytes = 140;
constexpr size_t kMaxLabelBytes = 1000;
constexpr size_t kMaxProblems = 100;

bool IsName(const std::string& text, size_t max_length, std::string_view extra, bool upper) {
  if (text.empty() || text.size() > max_length) return false;
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (upper && c >= 'A' && c <= 'Z') ||
           extra.find(c) != std::string_view::npos;
  });
}

// Everything that is wrong, in order, with its place in the text.
class Problems {
 public:
  // About the item `index` (-1: not a list) of the field `field` of `message`.
  void Add(const Message& message, const Places* places, const char* field, int index,
           const std::string& what) {
    if (lines_.size() >= kMaxProblems) return;
    lines_.push_back(Where(message, places, field, index) + what);
  }
  absl::Status ToStatus() const {
    if (lines_.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrJoin(lines_, "\n"));
  }

 private:
  static std::string Where(const Message& message, const Places* places, const char* field,
                           int index) {
    if (places == nullptr) return "";
    const auto& type = *message.GetDescriptor();
    TextFormat::ParseLocation at = places->GetLocation(type.FindFieldByName(field), index);
    // A field that is missing has no place: the first one that is there stands for the message.
    for (int i = 0; at.line < 0 && i < type.field_count(); ++i) {
      if (!type.field(i)->is_repeated()) at = places->GetLocation(type.field(i), -1);
    }
    if (at.line < 0) return "";
    return StrCat("line ", at.line + 1, ", column ", at.column + 1, ": ");
  }

  std::vector<std::string> lines_;
};

const Places* Nested(const Message& message, const Places* places, const char* field, int index) {
  if (places == nullptr) return nullptr;
  return places->GetTreeForNested(message.GetDescriptor()->FindFieldByName(field), index);
}

bool IsSpanRule(v1::PeriodRule rule) { return rule != v1::PERIOD_RULE_OCCURRED_IN_PERIOD; }

// Compiles one indicator. Anything wrong goes to `problems`; the rest is still looked at.
class IndicatorCompiler {
 public:
  IndicatorCompiler(const Indicator& indicator, const Places* places, Problems& problems)
      : in_(indicator), places_(places), problems_(problems) {}

  CompiledIndicator Compile(const CompiledIndicator* parent) {
    CheckTexts();
    if (!StartFrom(parent)) return out_;
    CompilePersons();
    CompileCount();
    for (int i = 0; i < in_.filters_size(); ++i) CompileFilter(i);
    CompileGroupings();
    CompilePeriod();
    return out_;
  }

 private:
  void Bad(const char* field, const std::string& what, int index = -1) {
    problems_.Add(in_, places_, field, index, StrCat("row ", in_.row(), ": ", what));
  }

  void CheckTexts() {
    if (in_.unit().empty() || in_.unit().size() > 32) Bad("unit", "unit must have 1 to 32 bytes");
    if (in_.label_vi().empty() || in_.label_vi().size() > kMaxLabelBytes) {
      Bad("label_vi", "label_vi must have 1 to 1000 bytes");
    }
    if (in_.label_en().size() > kMaxLabelBytes) Bad("label_en", "label_en is over 1000 bytes");
    if (in_.filters_size() > kMaxFilters) Bad("filters", "more than 32 filters", kMaxFilters);
  }

  // The fact counted, or what the parent counts. False: nothing more can be checked.
  bool StartFrom(const CompiledIndicator* parent) {
    if (in_.fact().empty()) {
      if (parent == nullptr) Bad("row", "fact is missing, and there is no parent to narrow");
      if (parent == nullptr || parent->fact.message == nullptr) return false;
      out_ = *parent;
      return true;
    }
    absl::StatusOr<CountedFact> fact = FindCountedFact(in_.fact());
    if (!fact.ok()) Bad("fact", std::string(fact.status().message()));
    if (!fact.ok()) return false;
    out_.fact = *std::move(fact);
    return true;
  }

  std::optional<FieldPath> Resolve(const char* field, const std::string& text) {
    absl::StatusOr<FieldPath> path = FindPath(out_.fact, text);
    if (path.ok()) return *std::move(path);
    Bad(field, std::string(path.status().message()));
    return std::nullopt;
  }

  void CompilePersons() {
    if (in_.persons().empty()) return;
    out_.persons.reset();
    out_.persons_are_record = in_.persons() == "record";
    if (out_.persons_are_record) {
      if (!IsFactOfPerson()) Bad("persons", "`record` is a person only for facts of a person");
      return;
    }
    out_.persons = Resolve("persons", in_.persons());
    if (out_.persons.has_value() && !out_.persons->RefersToPerson()) {
      Bad("persons", StrCat("`", in_.persons(), "` does not name persons"));
    }
  }

  // Fields of a person are known of persons counted one by one.
  template <typename Report>
  void CheckPersons(const FieldPath& path, const std::string& text, const Report& report) {
    if (path.scope != Scope::kPerson || out_.ForEachPerson()) return;
    report(StrCat("`", text, "` needs `persons`"));
  }

  bool IsFactOfPerson() const {
    return out_.fact.message->options().GetExtension(options::v1::stream).kind() ==
           options::v1::RECORD_KIND_PERSON;
  }

  void CompileCount() {
    using What = CompiledCount::What;
    static const auto& words = *new std::map<std::string, What>{{"fact", What::kFact},
                                                                {"person", What::kPerson},
                                                                {"case", What::kCase},
                                                                {"contact", What::kContact},
                                                                {"record", What::kRecord}};
    if (!in_.count().empty() && !in_.sum().empty()) Bad("sum", "either count or sum, not both");
    if (!in_.sum().empty()) {
      CompileField("sum", in_.sum(), What::kSum);
    } else if (const auto word = words.find(in_.count()); word != words.end()) {
      out_.count = {word->second, {}};
    } else if (!in_.count().empty()) {
      CompileField("count", in_.count(), What::kField);
    }
    if (out_.count.what == What::kPerson && !out_.ForEachPerson()) {
      Bad("count", "counting persons needs `persons`");
    }
  }

  void CompileField(const char* field, const std::string& text, CompiledCount::What what) {
    const std::optional<FieldPath> path = Resolve(field, text);
    if (!path.has_value()) return;
    out_.count = {what, *path};
    const bool own = path->scope == Scope::kFact || path->scope == Scope::kSpan;
    if (what == CompiledCount::What::kSum && (!own || !path->IsNumber())) {
      Bad(field, StrCat("`", text, "` is not a number of the counted fact"));
    }
    CheckPersons(*path, text, [&](const std::string& problem) { Bad(field, problem); });
  }

  void CompilePeriod() {
    const bool span = out_.fact.span != nullptr;
    if (in_.period() == v1::PERIOD_RULE_UNSPECIFIED) {
      if (out_.period != v1::PERIOD_RULE_UNSPECIFIED) return;  // the parent's
      out_.period = span ? v1::PERIOD_RULE_OVERLAPS_PERIOD : v1::PERIOD_RULE_OCCURRED_IN_PERIOD;
      return;
    }
    out_.period = in_.period();
    if (IsSpanRule(in_.period()) == span) return;
    Bad("period", span ? "a span needs a period rule for spans"
                       : "a fact has no begin and end; only OCCURRED_IN_PERIOD fits");
  }

  void CompileGroupings() {
    if (in_.by().empty()) return;  // the parent's
    out_.by.clear();
    out_.group_fields.clear();
    if (in_.by_size() > kMaxGroupings) Bad("by", "split by more than 3 fields", kMaxGroupings);
    for (int i = 0; i < in_.by_size(); ++i) CompileGrouping(i);
  }

  void CompileGrouping(int index) {
    const v1::Grouping& grouping = in_.by(index);
    const Places* places = Nested(in_, places_, "by", index);
    const auto bad = [&](const char* field, const std::string& what) {
      problems_.Add(grouping, places, field, -1, StrCat("row ", in_.row(), ": ", what));
    };
    absl::StatusOr<FieldPath> path = FindPath(out_.fact, grouping.field());
    if (!path.ok()) return bad("field", std::string(path.status().message()));
    CompiledGrouping compiled;
    compiled.field = *std::move(path);
    compiled.edges.assign(grouping.edges().begin(), grouping.edges().end());
    compiled.unit_kinds.insert(grouping.unit_kinds().begin(), grouping.unit_kinds().end());
    CheckPersons(compiled.field, grouping.field(),
                 [&](const std::string& what) { bad("field", what); });
    if (!compiled.edges.empty() && !compiled.field.IsNumber()) {
      bad("field", StrCat("edges, but `", grouping.field(), "` is not a number"));
    }
    if (grouping.edges_size() > kMaxEdges) bad("field", "more than 100 edges");
    const auto not_rising = [](int64_t one, int64_t next) { return one >= next; };
    if (std::adjacent_find(compiled.edges.begin(), compiled.edges.end(), not_rising) !=
        compiled.edges.end()) {
      bad("field", "edges must rise");
    }
    if (!compiled.unit_kinds.empty() && !compiled.field.IsUnit()) {
      bad("field", StrCat("unit_kinds, but `", grouping.field(), "` is no administrative unit"));
    }
    compiled.unit_version = grouping.unit_version();
    if (!compiled.unit_version.empty() && !compiled.field.IsUnit()) {
      bad("unit_version",
          StrCat("unit_version, but `", grouping.field(), "` is no administrative unit"));
    }
    if (compiled.unit_version.size() > kMaxVersionBytes) bad("unit_version", "over 140 bytes");
    if (grouping.unit_kinds_size() > kMaxUnitKinds) bad("field", "more than 20 kinds of units");
    out_.by.push_back(std::move(compiled));
    out_.group_fields.push_back(grouping.field());
  }

  void CompileFilter(int index) {
    const v1::Filter& filter = in_.filters(index);
    const Places* places = Nested(in_, places_, "filters", index);
    const auto bad = [&](const char* field, int item, const std::string& what) {
      problems_.Add(filter, places, field, item, StrCat("row ", in_.row(), ": ", what));
    };
    absl::StatusOr<FieldPath> path = FindPath(out_.fact, filter.field());
    if (!path.ok()) {
      bad("field", -1, std::string(path.status().message()));
      return;
    }
    CompiledFilter compiled;
    compiled.field = *std::move(path);
    compiled.or_unknown = filter.or_unknown();
    CheckPersons(compiled.field, filter.field(),
                 [&](const std::string& what) { bad("field", -1, what); });
    AddCodes(filter.any_of(), "any_of", compiled.field, compiled.any_of, bad);
    AddCodes(filter.none_of(), "none_of", compiled.field, compiled.none_of, bad);
    AddRange(filter, compiled, bad);
    AddPlaces(filter, compiled, bad);
    if (compiled.any_of.empty() && compiled.none_of.empty() && !compiled.min && !compiled.max &&
        compiled.within.empty()) {
      bad("field", -1, "a filter needs any_of, none_of, min, max or within");
    }
    out_.filters.push_back(std::move(compiled));
  }

  template <typename Bad>
  static void AddCodes(const google::protobuf::RepeatedPtrField<std::string>& codes,
                       const char* field, const FieldPath& path, std::set<std::string>& out,
                       const Bad& bad) {
    if (codes.empty()) return;
    if (codes.size() > kMaxCodes) bad(field, kMaxCodes, "more than 500 codes");
    if (path.IsUnit()) bad(field, 0, "units are compared with `within`");
    const google::protobuf::EnumDescriptor* closed = path.ClosedCodes();
    for (int i = 0; i < codes.size(); ++i) {
      if (codes[i].empty()) bad(field, i, "an empty code; `or_unknown` matches what is not known");
      if (closed != nullptr && !IsCodeOf(*closed, codes[i])) {
        bad(field, i, StrCat("unknown code `", codes[i], "` of the closed list ", closed->name()));
      }
      out.insert(codes[i]);
    }
  }

  static bool IsCodeOf(const google::protobuf::EnumDescriptor& type, const std::string& code) {
    for (int i = 0; i < type.value_count(); ++i) {
      if (EnumCode(type, type.value(i)->number()) == code) return true;
    }
    return false;
  }

  template <typename Bad>
  static void AddRange(const v1::Filter& filter, CompiledFilter& out, const Bad& bad) {
    if (filter.has_min()) out.min = filter.min();
    if (filter.has_max()) out.max = filter.max();
    const char* field = filter.has_min() ? "min" : "max";
    if ((out.min || out.max) && !out.field.IsNumber()) {
      bad(field, -1, StrCat("`", filter.field(), "` is not a number"));
    }
    if (out.min && out.max && *out.min > *out.max) bad("min", -1, "min is above max");
  }

  template <typename Bad>
  static void AddPlaces(const v1::Filter& filter, CompiledFilter& out, const Bad& bad) {
    if (filter.within_size() > kMaxPlaces) bad("within", kMaxPlaces, "more than 100 places");
    for (int i = 0; i < filter.within_size(); ++i) {
      const v1::Place& place = filter.within(i);
      if (place.code().empty() || place.version().empty()) {
        bad("within", i, "a place needs code and version: codes are re-used");
      }
      out.within.insert(place.code() + "@" + place.version());
    }
    if (!out.within.empty() && !out.field.IsUnit()) {
      bad("within", 0, StrCat("`", filter.field(), "` is not an administrative unit"));
    }
  }

  const Indicator& in_;
  const Places* places_;
  Problems& problems_;
  CompiledIndicator out_;
};

void CheckHead(const ReportDefinition& definition, const Places* places, Problems& problems) {
  if (!IsName(definition.report_id(), 64, "-", false)) {
    problems.Add(definition, places, "report_id", -1, "report_id must be 1 to 64 of a-z 0-9 -");
  }
  if (definition.version() == 0) {
    problems.Add(definition, places, "version", -1, "version must be 1 or more");
  }
  if (definition.label_vi().empty() || definition.label_vi().size() > kMaxLabelBytes ||
      definition.label_en().size() > kMaxLabelBytes) {
    problems.Add(definition, places, "label_vi", -1, "the report needs labels of up to 1000 bytes");
  }
  if (definition.indicators().empty()) {
    problems.Add(definition, places, "report_id", -1, "the report has no indicators");
  }
}

void CheckIdentities(const ReportDefinition& definition, const Places* places,
                     const std::map<std::string, size_t>& rows, Problems& problems) {
  if (definition.identities_size() > kMaxIdentities) {
    problems.Add(definition, places, "identities", kMaxIdentities, "more than 200 identities");
  }
  for (int i = 0; i < definition.identities_size(); ++i) {
    const v1::Identity& identity = definition.identities(i);
    const Places* inner = Nested(definition, places, "identities", i);
    if (!rows.contains(identity.row())) {
      problems.Add(identity, inner, "row", -1,
                   StrCat("identity of an unknown row `", identity.row(), "`"));
    }
    if (identity.sum_of().empty()) {
      problems.Add(identity, inner, "row", -1, "an identity needs sum_of");
    }
    for (int k = 0; k < identity.sum_of_size(); ++k) {
      if (rows.contains(identity.sum_of(k))) continue;
      problems.Add(identity, inner, "sum_of", k,
                   StrCat("identity names an unknown row `", identity.sum_of(k), "`"));
    }
  }
}

void CheckRatios(const ReportDefinition& definition, const Places* places,
                 const std::map<std::string, size_t>& rows, Problems& problems) {
  if (definition.ratios_size() > kMaxRatios) {
    problems.Add(definition, places, "ratios", kMaxRatios, "more than 100 ratios");
  }
  std::set<std::string> names;
  for (int i = 0; i < definition.ratios_size(); ++i) {
    const v1::Ratio& ratio = definition.ratios(i);
    const Places* inner = Nested(definition, places, "ratios", i);
    const auto bad = [&](const char* field, std::string_view what) {
      problems.Add(ratio, inner, field, -1, StrCat("ratio `", ratio.ratio(), "`: ", what));
    };
    if (!IsName(ratio.ratio(), 32, "._-", true)) {
      bad("ratio", "its name must be 1 to 32 of A-Z a-z 0-9 . _ -");
    }
    if (rows.contains(ratio.ratio())) bad("ratio", "a row has this name");
    if (!names.insert(ratio.ratio()).second) bad("ratio", "is there twice");
    if (ratio.label_vi().empty() || ratio.label_vi().size() > kMaxLabelBytes ||
        ratio.label_en().size() > kMaxLabelBytes) {
      bad("label_vi", "it needs labels of up to 1000 bytes");
    }
    if (!rows.contains(ratio.of())) bad("of", StrCat("unknown row `", ratio.of(), "`"));
    if (!rows.contains(ratio.among())) bad("among", StrCat("unknown row `", ratio.among(), "`"));
    if (ratio.per() > kMaxPer) bad("per", "per must be at most 1000000");
  }
}

// The row above that `indicator` names as its parent; nullptr when it names none or a wrong one.
const CompiledIndicator* FindParent(const Indicator& indicator, const Places* places,
                                    const std::map<std::string, size_t>& rows,
                                    const CompiledReport& report, Problems& problems) {
  if (indicator.parent().empty()) return nullptr;
  const auto parent = rows.find(indicator.parent());
  if (parent != rows.end()) return &report.indicators[parent->second];
  problems.Add(
      indicator, places, "parent", -1,
      StrCat("row ", indicator.row(), ": parent `", indicator.parent(), "` is not a row above it"));
  return nullptr;
}

}  // namespace

absl::StatusOr<CompiledReport> CompileReport(const ReportDefinition& definition,
                                             const Places* places) {
  Problems problems;
  CompiledReport report;
  CheckHead(definition, places, problems);
  if (!absl::LoadTimeZone(definition.time_zone(), &report.zone) || definition.time_zone().empty()) {
    problems.Add(definition, places, "time_zone", -1,
                 StrCat("unknown time zone `", definition.time_zone(), "`"));
  }
  if (definition.indicators_size() > kMaxIndicators) {
    problems.Add(definition, places, "indicators", kMaxIndicators, "more than 500 indicators");
    return problems.ToStatus();
  }
  std::map<std::string, size_t> rows;
  for (int i = 0; i < definition.indicators_size(); ++i) {
    const Indicator& indicator = definition.indicators(i);
    const Places* inner = Nested(definition, places, "indicators", i);
    if (!IsName(indicator.row(), 32, "._-", true)) {
      problems.Add(indicator, inner, "row", -1, "row must be 1 to 32 of A-Z a-z 0-9 . _ -");
    }
    const CompiledIndicator* parent = FindParent(indicator, inner, rows, report, problems);
    const CompiledIndicator compiled =
        IndicatorCompiler(indicator, inner, problems).Compile(parent);
    if (!rows.emplace(indicator.row(), report.indicators.size()).second) {
      problems.Add(indicator, inner, "row", -1,
                   StrCat("row `", indicator.row(), "` is there twice"));
    }
    report.indicators.push_back(compiled);
  }
  CheckIdentities(definition, places, rows, problems);
  CheckRatios(definition, places, rows, problems);
  if (absl::Status status = problems.ToStatus(); !status.ok()) return status;
  return report;
}

}  // namespace caseledger::projections
