#include "services/rpc/publications.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_join.h"
#include "absl/synchronization/notification.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/verifiable/tree_reader.h"
#include "projections/read_model/keys.h"
#include "projections/read_model/page.h"
#include "projections/report_facts/definition.h"
#include "projections/report_facts/evaluator.h"
#include "projections/report_facts/ratios.h"
#include "projections/report_facts/report_facts.h"
#include "services/commands/fact_schema.h"
#include "services/commands/times.h"
#include "services/disclosure/tables.h"
#include "services/domain/publication/publications.h"
#include "services/rpc/command_adapter.h"
#include "services/rpc/fill_page.h"
#include "services/rpc/read_model_view.h"
#include "services/rpc/requests.h"

namespace caseledger::rpc {
namespace {

using commands::FromTimestamp;
using commands::Ledger;
using event::v1::ReportPublished;

constexpr size_t kPage = 64;
constexpr size_t kMostExposed = 20;  // that are told
// The log answers every append; this is for a disk that hangs.
constexpr absl::Duration kLongestAppend = absl::Seconds(60);

eventstore::StreamId Stream() {
  return commands::NamedStream(options::v1::RECORD_KIND_PUBLICATION, domain::kPublicationsName);
}

struct Recorded {
  ReportPublished fact;
  uint64_t position = 0;
  Micros recorded_at = 0;
};

// Publications `number` and on, at most `most`.
absl::StatusOr<std::vector<Recorded>> Read(const Ledger& ledger, uint64_t number, size_t most) {
  std::vector<Recorded> found;
  while (found.size() < most) {
    ASSIGN_OR_RETURN(const auto events,
                     ledger.parts.log->ReadStream(Stream(), number + found.size(),
                                                  std::min(kPage, most - found.size())));
    for (const eventstore::RecordedEvent& event : events) {
      event::v1::Fact fact;
      if (!fact.ParseFromString(event.fact) || !fact.has_report_published()) {
        return absl::DataLossError(
            StrCat("event ", event.position, " is no publication; check the log"));
      }
      found.push_back(
          {std::move(*fact.mutable_report_published()), event.position, event.recorded_at});
    }
    if (events.empty()) break;
  }
  return found;
}

v1::Publication HeadOf(const Recorded& recorded) {
  v1::Publication head;
  head.set_number(recorded.fact.number());
  head.set_report_id(recorded.fact.report_id());
  head.set_version(recorded.fact.version());
  *head.mutable_from_time() = recorded.fact.from_time();
  *head.mutable_to_time() = recorded.fact.to_time();
  *head.mutable_published_time() = commands::ToTimestamp(recorded.recorded_at);
  head.set_restates(recorded.fact.restates());
  head.set_reason(recorded.fact.reason());
  head.set_reflected_events(recorded.fact.reflected_events());
  head.set_root(recorded.fact.root());
  head.set_smallest_shown(recorded.fact.smallest_shown());
  head.set_position(recorded.position);
  return head;
}

// As the ledger had it when it had `events` events: a text that was corrected or voided since is
// not what was published.
absl::StatusOr<v1::ReportDefinition> DefinitionOf(const projections::ReadSnapshot& snapshot,
                                                  const ReportPublished& published,
                                                  uint64_t events) {
  ASSIGN_OR_RETURN(const projections::LoadedDefinition loaded,
                   projections::FindDefinition(
                       snapshot, StrCat(published.report_id(), "@", published.version()), events));
  ASSIGN_OR_RETURN(v1::ReportDefinition definition,
                   projections::ParseReportDefinition(loaded.text));
  const auto same_row = [](const v1::Indicator& indicator, const event::v1::PublishedRow& row) {
    return indicator.row() == row.row();
  };
  if (std::equal(definition.indicators().begin(), definition.indicators().end(),
                 published.rows().begin(), published.rows().end(), same_row)) {
    return definition;
  }
  return absl::DataLossError(
      StrCat("publication ", published.number(),
             " has other rows than its definition had when it was recorded"));
}

disclosure::Table TableOf(v1::ReportDefinition definition, const ReportPublished& published) {
  disclosure::Table table;
  table.definition = std::move(definition);
  table.smallest_shown = published.smallest_shown();
  table.from_us = FromTimestamp(published.from_time());
  table.to_us = FromTimestamp(published.to_time());
  for (const event::v1::PublishedRow& row : published.rows()) {
    disclosure::TableRow& out = table.rows.emplace_back();
    out.row = row.row();
    out.value = row.value();
    out.withheld = row.withheld();
    for (const event::v1::PublishedGroup& group : row.groups()) {
      out.groups.push_back(
          {{group.values().begin(), group.values().end()}, group.value(), group.withheld()});
    }
  }
  return table;
}

void AddRows(const projections::ReportResult& result, ReportPublished& fact) {
  for (const projections::ReportFigure& figure : result.rows) {
    if (figure.group.empty()) {
      event::v1::PublishedRow& row = *fact.add_rows();
      row.set_row(figure.row);
      row.set_value(figure.value);
      continue;
    }
    event::v1::PublishedGroup& group = *fact.mutable_rows(fact.rows_size() - 1)->add_groups();
    group.mutable_values()->Add(figure.group.begin(), figure.group.end());
    group.set_value(figure.value);
  }
}

void MarkWithheld(const disclosure::Table& table, ReportPublished& fact) {
  for (size_t r = 0; r < table.rows.size(); ++r) {
    event::v1::PublishedRow& row = *fact.mutable_rows(static_cast<int>(r));
    row.set_withheld(table.rows[r].withheld);
    for (size_t g = 0; g < table.rows[r].groups.size(); ++g) {
      row.mutable_groups(static_cast<int>(g))->set_withheld(table.rows[r].groups[g].withheld);
    }
  }
}

// Of the first `events` events, as a checkpoint that is out covers them.
absl::StatusOr<std::string> RootOf(const Ledger& ledger, uint64_t events) {
  if (ledger.parts.publisher == nullptr || ledger.parts.stored == nullptr) {
    return absl::FailedPreconditionError("NOT_SIGNED: the ledger is not signed");
  }
  RETURN_IF_ERROR(ledger.parts.publisher->PublishNow());
  const auto published = ledger.parts.signer->Latest();
  if (published == nullptr || published->checkpoint.size < events) {
    return absl::UnavailableError(
        "NOT_PUBLISHED: the checkpoint over the newest events is not published yet; witnesses may "
        "be "
        "out of reach");
  }
  eventstore::TreeReader tree(published->checkpoint.size, ledger.parts.stored->Tiles());
  ASSIGN_OR_RETURN(const Hash256 root, tree.RootAt(events));
  return std::string(root.raw());
}

// A published figure stands for the whole place: it says nothing of what might belong there as
// well.
absl::Status CheckAttributable(const projections::ReportResult& result) {
  std::vector<std::string> rows;
  for (const projections::ReportFigure& figure : result.rows) {
    if (figure.not_attributable > 0) rows.push_back(figure.row);
  }
  if (rows.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(StrCat("NOT_ATTRIBUTABLE: ", absl::StrJoin(rows, ", ")));
}

// The request's fact with everything that is the server's to say. `exposed`: figures, of this
// publication or earlier ones, that what is out gives away.
absl::StatusOr<ReportPublished> Complete(const Ledger& ledger, const ReportPublished& asked,
                                         uint32_t smallest_shown, absl::Duration wait,
                                         std::vector<std::string>& exposed) {
  const uint64_t head = ledger.parts.log->Head().next_position;
  ReportPublished fact = asked;
  if (fact.reflected_events() == 0) fact.set_reflected_events(head);
  if (fact.reflected_events() == 0 || fact.reflected_events() > head) {
    return absl::OutOfRangeError(StrCat("POSITION_PAST_END: the ledger has ", head, " events, not ",
                                        asked.reflected_events()));
  }
  const Micros from = FromTimestamp(fact.from_time());
  const Micros to = FromTimestamp(fact.to_time());
  if (to <= from) {
    return commands::InvalidRequest(
        {commands::Violation{"fact.to_time", "must be after from_time"}});
  }
  ASSIGN_OR_RETURN(const std::vector<Recorded> before, Read(ledger, 1, SIZE_MAX));
  ASSIGN_OR_RETURN(const ReadModelView view,
                   LookAt(ledger, projections::ReportFacts::kName, head - 1, nullptr, wait));
  const projections::ReadSnapshot& snapshot = *view.snapshot;
  ASSIGN_OR_RETURN(
      const projections::LoadedDefinition loaded,
      projections::FindDefinition(snapshot, asked.report_id(), snapshot.applied_events()));
  fact.set_report_id(loaded.report_id);
  fact.set_version(loaded.version);
  ASSIGN_OR_RETURN(const v1::ReportDefinition definition,
                   projections::ParseReportDefinition(loaded.text));
  ASSIGN_OR_RETURN(const projections::ReportResult result,
                   projections::RunReport(snapshot, definition, from, to, fact.reflected_events()));
  if (!result.broken_identities.empty()) {
    return absl::FailedPreconditionError(
        StrCat("IDENTITY_BROKEN: ", absl::StrJoin(result.broken_identities, "; ")));
  }
  RETURN_IF_ERROR(CheckAttributable(result));
  AddRows(result, fact);
  std::vector<disclosure::Table> tables;
  for (const Recorded& recorded : before) {
    ASSIGN_OR_RETURN(v1::ReportDefinition then,
                     DefinitionOf(snapshot, recorded.fact, recorded.position));
    tables.push_back(TableOf(std::move(then), recorded.fact));
  }
  fact.set_smallest_shown(smallest_shown);
  disclosure::Table next = TableOf(definition, fact);
  for (const disclosure::Exposed& one : disclosure::WithholdFrom(next, tables)) {
    if (exposed.size() == kMostExposed) break;
    exposed.push_back(StrCat("FIGURE_EXPOSED:", one.table + 1, "/", one.figure));
  }
  MarkWithheld(next, fact);
  fact.set_number(static_cast<uint32_t>(before.size() + 1));
  ASSIGN_OR_RETURN(*fact.mutable_root(), RootOf(ledger, fact.reflected_events()));
  return fact;
}

enum class PublicationOrder { kLastPublished, kFirstPublished, kFirstPeriod, kLastPeriod };

constexpr Orders<PublicationOrder, 4> kPublicationOrders{
    {{"published_time desc", PublicationOrder::kLastPublished},
     {"published_time", PublicationOrder::kFirstPublished},
     {"from_time", PublicationOrder::kFirstPeriod},
     {"from_time desc", PublicationOrder::kLastPeriod}}};

// In order of these they are listed. They are numbered as they are published.
std::string KeyOf(PublicationOrder order, const v1::Publication& publication) {
  const uint64_t number = publication.number();
  const Micros from = FromTimestamp(publication.from_time());
  projections::KeyBuilder key;
  switch (order) {
    case PublicationOrder::kLastPublished:
      break;
    case PublicationOrder::kFirstPublished:
      return key.Number(number).Take();
    case PublicationOrder::kFirstPeriod:
      key.Time(from);
      break;
    case PublicationOrder::kLastPeriod:
      key.TimeDescending(from);
      break;
  }
  return key.Number(~number).Take();
}

// What is shown of a row or group to those who may see exact figures, or to others.
void ShowValue(uint64_t value, bool withheld, bool exactly, v1::PublishedFigure& figure) {
  figure.set_withheld(withheld);
  if (!withheld || exactly) figure.set_value(value);
}

// What the row or the group was before, by its name and the group's values.
using Earlier = std::map<std::vector<std::string>, uint64_t>;

Earlier FiguresOf(const ReportPublished& published, bool exactly) {
  Earlier figures;
  for (const event::v1::PublishedRow& row : published.rows()) {
    std::vector<std::string> key = {row.row()};
    if (exactly || !row.withheld()) figures[key] = row.value();
    for (const event::v1::PublishedGroup& group : row.groups()) {
      std::vector<std::string> of_group = key;
      of_group.insert(of_group.end(), group.values().begin(), group.values().end());
      if (exactly || !group.withheld()) figures[of_group] = group.value();
    }
  }
  return figures;
}

void Compare(const Earlier& earlier, v1::PublishedFigure& figure) {
  std::vector<std::string> key = {figure.row()};
  key.insert(key.end(), figure.group().begin(), figure.group().end());
  if (const auto found = earlier.find(key); found != earlier.end()) {
    figure.set_value_before(found->second);
  }
}

void Show(const ReportPublished& published, const v1::ReportDefinition& definition, bool exactly,
          const Earlier& earlier, v1::GetPublishedReportResponse& response) {
  std::map<std::string, std::vector<std::string>> split_by;  // by row; a part is split as its whole
  for (int i = 0; i < published.rows_size(); ++i) {
    const event::v1::PublishedRow& row = published.rows(i);
    const v1::Indicator& indicator = definition.indicators(i);
    v1::PublishedFigure figure;
    figure.set_row(row.row());
    figure.set_parent(indicator.parent());
    figure.set_unit(indicator.unit());
    figure.set_label_vi(indicator.label_vi());
    figure.set_label_en(indicator.label_en());
    std::vector<std::string>& by = split_by[row.row()];
    if (indicator.by().empty() && indicator.fact().empty()) by = split_by[indicator.parent()];
    for (const v1::Grouping& grouping : indicator.by()) by.push_back(grouping.field());
    figure.mutable_group_fields()->Add(by.begin(), by.end());
    v1::PublishedFigure& shown = *response.add_figures() = figure;
    ShowValue(row.value(), row.withheld(), exactly, shown);
    Compare(earlier, shown);
    bool some_withheld = false;
    std::vector<v1::PublishedFigure> groups;
    for (const event::v1::PublishedGroup& group : row.groups()) {
      some_withheld = some_withheld || group.withheld();
      if (group.withheld() && !exactly) continue;
      v1::PublishedFigure& of_group = groups.emplace_back(figure);
      *of_group.mutable_group() = group.values();
      ShowValue(group.value(), group.withheld(), exactly, of_group);
      Compare(earlier, of_group);
    }
    // Of a row that is withheld nobody learns whether there are others: without any it would be 0.
    shown.set_groups_withheld(some_withheld || (row.withheld() && !by.empty()));
    for (v1::PublishedFigure& of_group : groups) *response.add_figures() = std::move(of_group);
  }
}

// Of what is shown, so that they say nothing more.
void ShowRatios(const v1::ReportDefinition& definition, bool exactly,
                v1::GetPublishedReportResponse& response) {
  projections::ToldFigures told(/*all_groups=*/exactly);
  for (const v1::PublishedFigure& figure : response.figures()) {
    projections::ToldFigure shown{std::nullopt, figure.withheld()};
    if (figure.has_value()) shown.value = figure.value();
    if (figure.group().empty()) {
      told.TellRow(figure.row(), {figure.group_fields().begin(), figure.group_fields().end()},
                   shown, figure.groups_withheld());
    } else {
      told.TellGroup(figure.row(), {figure.group().begin(), figure.group().end()}, shown);
    }
  }
  for (v1::RatioFigure& ratio : told.Ratios(definition)) *response.add_ratios() = std::move(ratio);
}

}  // namespace

absl::Status Publications::PublishReport(Reading& reading, const v1::PublishReportRequest& request,
                                         absl::Duration wait, v1::CommandResult& result) {
  ASSIGN_OR_RETURN(const Ledger* ledger,
                   reading.Begin(request.header().ledger(), options::v1::RECORD_KIND_PUBLICATION));
  // What is withheld depends on what is out, so that two at a time would be in each other's way.
  const std::unique_lock publishing(publishing_, std::try_to_lock);
  if (!publishing.owns_lock()) {
    return absl::AbortedError("PUBLICATION_IN_PROGRESS: another report is being published");
  }
  std::vector<std::string> exposed;
  event::v1::Fact completed;
  ASSIGN_OR_RETURN(*completed.mutable_report_published(),
                   Complete(*ledger, request.fact(), smallest_shown_, wait, exposed));
  v1::PublishReportRequest taken = request;
  struct Outcome {
    absl::Notification known;
    absl::StatusOr<v1::CommandResult> result;
  };
  const auto outcome = std::make_shared<Outcome>();
  handler_.SubmitCompleted(ToCommand(taken), std::move(completed), exposed, reading.call(),
                           [outcome](absl::StatusOr<v1::CommandResult> submitted) {
                             outcome->result = std::move(submitted);
                             outcome->known.Notify();
                           });
  if (!outcome->known.WaitForNotificationWithTimeout(kLongestAppend)) {
    return absl::UnavailableError(
        "OUTCOME_UNKNOWN: the log does not answer; send the same request again");
  }
  if (!outcome->result.ok()) return InTermsOf(request, outcome->result.status());
  result = *std::move(outcome->result);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<v1::Publication>> Publications::Known(const Ledger& ledger) {
  const std::lock_guard lock(known_mutex_);
  std::vector<v1::Publication>& known = known_[ledger.parts.name];
  for (;;) {
    ASSIGN_OR_RETURN(const std::vector<Recorded> more, Read(ledger, known.size() + 1, kPage));
    for (const Recorded& recorded : more) {
      known.push_back(HeadOf(recorded));
      const uint32_t restates = recorded.fact.restates();
      if (restates > 0 && restates < known.size()) {
        known[restates - 1].set_restated_by(recorded.fact.number());
      }
    }
    if (more.empty()) return known;
  }
}

absl::Status Publications::ListPublishedReports(Reading& reading,
                                                const v1::ListPublishedReportsRequest& request,
                                                absl::Duration /*wait*/,
                                                v1::ListPublishedReportsResponse& response) {
  ASSIGN_OR_RETURN(const Ledger* ledger,
                   reading.Begin(request.ledger(), options::v1::RECORD_KIND_PUBLICATION));
  ASSIGN_OR_RETURN(const PublicationOrder order, OrderOf(request.order_by(), kPublicationOrders));
  reading.AskedFor(
      StrCat("report=", KeyOnly(request.report_id()), " order_by=", request.order_by()));
  ASSIGN_OR_RETURN(const uint64_t events, EventsBeyond(*ledger, request.min_position()));
  ASSIGN_OR_RETURN(const std::vector<v1::Publication> known, Known(*ledger));
  const std::string question = projections::KeyBuilder()
                                   .Text("publications@1")
                                   .Text(request.report_id())
                                   .Number(static_cast<uint64_t>(order))
                                   .Take();
  projections::PagePoint point;
  if (!request.page_token().empty()) {
    ASSIGN_OR_RETURN(point, projections::ReadPageToken(question, request.page_token()));
  }
  const auto wanted =
      static_cast<size_t>(request.page_size() == 0 ? kStandardRows : request.page_size());
  response.set_reflected_events(events);
  ASSIGN_OR_RETURN(const bool may_see, known.empty() ? true : reading.Shows(Stream()));
  if (!may_see) return absl::OkStatus();
  std::map<std::string, const v1::Publication*> listed;
  for (const v1::Publication& one : known) {
    if (!request.report_id().empty() && one.report_id() != request.report_id()) continue;
    listed.emplace(KeyOf(order, one), &one);
  }
  if (request.count_total()) response.set_total_size(listed.size());
  std::string last;
  for (auto next = listed.upper_bound(point.after_key); next != listed.end(); ++next) {
    if (static_cast<size_t>(response.publications_size()) == wanted) {
      response.set_next_page_token(projections::MakePageToken(question, {events, last}));
      break;
    }
    *response.add_publications() = *next->second;
    last = next->first;
  }
  return absl::OkStatus();
}

absl::Status Publications::GetPublishedReport(Reading& reading,
                                              const v1::GetPublishedReportRequest& request,
                                              absl::Duration wait,
                                              v1::GetPublishedReportResponse& response) {
  ASSIGN_OR_RETURN(const Ledger* ledger,
                   reading.Begin(request.ledger(), options::v1::RECORD_KIND_PUBLICATION));
  reading.AskedFor(StrCat("number=", request.number()));
  ASSIGN_OR_RETURN(const std::vector<v1::Publication> known, Known(*ledger));
  ASSIGN_OR_RETURN(const bool may_see, known.empty() ? false : reading.Shows(Stream()));
  if (!may_see || request.number() > known.size()) {
    return absl::NotFoundError(
        StrCat("PUBLICATION_UNKNOWN: nothing was published under the number ", request.number()));
  }
  *response.mutable_publication() = known[request.number() - 1];
  ASSIGN_OR_RETURN(const std::vector<Recorded> found, Read(*ledger, request.number(), 1));
  const ReportPublished& published = found.at(0).fact;
  const uint64_t needed = std::max(request.min_position(), found[0].position);
  ASSIGN_OR_RETURN(const ReadModelView view,
                   LookAt(*ledger, projections::ReportFacts::kName, needed, nullptr, wait));
  ASSIGN_OR_RETURN(const v1::ReportDefinition definition,
                   DefinitionOf(*view.snapshot, published, found[0].position));
  const bool exactly = reading.level() >= access::Level::kInternal;
  Earlier earlier;
  if (published.restates() > 0) {
    ASSIGN_OR_RETURN(const std::vector<Recorded> restated, Read(*ledger, published.restates(), 1));
    earlier = FiguresOf(restated.at(0).fact, exactly);
  }
  response.set_label_vi(definition.label_vi());
  response.set_label_en(definition.label_en());
  response.set_reflected_events(view.snapshot->applied_events());
  Show(published, definition, exactly, earlier, response);
  ShowRatios(definition, exactly, response);
  return absl::OkStatus();
}

}  // namespace caseledger::rpc
