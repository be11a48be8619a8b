#include "projections/report_facts/standing_report.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_join.h"
#include "caseledger/options/v1/options.pb.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "projections/report_facts/facts_as_of.h"
#include "projections/report_facts/records.h"

namespace caseledger::projections {
namespace {

using eventstore::StreamId;

// Of a stream that is kept: its entries in the tables and the heads of its lists.
constexpr size_t kBytesOfStream = 192;
constexpr size_t kStreamsAtATime = 256;

absl::Status TooManyGroups() {
  return absl::ResourceExhaustedError(
      StrCat("TOO_MANY_GROUPS: the report has more than ", kMostGroups,
             " groups; ask for a shorter period, or split its rows by less"));
}

bool IsOfUnits(const StreamId& stream) {
  return stream.kind == static_cast<uint32_t>(options::v1::RECORD_KIND_ADMIN_UNITS);
}

std::vector<std::string> BrokenIdentities(const v1::ReportDefinition& definition,
                                          const std::vector<ReportFigure>& rows) {
  std::map<std::string, uint64_t> values;
  for (const ReportFigure& row : rows) {
    if (row.group.empty()) values[row.row] = row.value;
  }
  std::vector<std::string> broken;
  for (const v1::Identity& identity : definition.identities()) {
    uint64_t sum = 0;
    for (const std::string& part : identity.sum_of()) sum += values[part];
    if (sum == values[identity.row()]) continue;
    broken.push_back(StrCat(identity.row(), " is ", values[identity.row()], ", but ",
                            absl::StrJoin(identity.sum_of(), " + "), " is ", sum));
  }
  return broken;
}

}  // namespace

absl::StatusOr<std::unique_ptr<StandingReport>> StandingReport::Count(
    const ReadSnapshot& snapshot, const v1::ReportDefinition& definition, const Period& period,
    uint64_t as_of_events, size_t most_bytes) {
  if (period.from >= period.to) {
    return absl::InvalidArgumentError("the period must end after it begins");
  }
  ASSIGN_OR_RETURN(CompiledReport compiled, CompileReport(definition, nullptr));
  std::unique_ptr<StandingReport> report(
      new StandingReport(definition, std::move(compiled), period, most_bytes));
  RETURN_IF_ERROR(report->CountAll(snapshot, as_of_events));
  return report;
}

StandingReport::StandingReport(const v1::ReportDefinition& definition, CompiledReport compiled,
                               const Period& period, size_t most_bytes)
    : definition_(definition),
      compiled_(std::move(compiled)),
      counter_(compiled_, period),
      most_bytes_(most_bytes),
      keeps_(most_bytes > 0) {}

absl::Status StandingReport::CountAll(const ReadSnapshot& snapshot, uint64_t as_of_events) {
  figures_ = std::make_unique<Figures>(compiled_);
  ASSIGN_OR_RETURN(const std::unique_ptr<FactsAsOf> facts, FactsAsOf::Open(snapshot, as_of_events));
  Streams merged;
  RETURN_IF_ERROR(
      facts->VisitTimes(event::v1::Fact::kPersonsMerged, Period(),
                        [&](const StreamId& stream, Micros) { merged.insert(stream); }));
  Records records(*facts, compiled_.zone, places_, &merged);
  ASSIGN_OR_RETURN(const Streams found, counter_.StreamsIn(*facts));
  // In the order of their rows.
  std::vector<StreamId> streams(found.begin(), found.end());
  std::sort(streams.begin(), streams.end());
  for (size_t next = 0; next < streams.size();) {
    const size_t end = std::min(next + kStreamsAtATime, streams.size());
    RETURN_IF_ERROR(facts->ReadAhead({streams.begin() + static_cast<std::ptrdiff_t>(next),
                                      streams.begin() + static_cast<std::ptrdiff_t>(end)}));
    for (; next < end; ++next) {
      RETURN_IF_ERROR(CountStream(streams[next], *facts, records));
      RETURN_IF_ERROR(CheckGroups());
      if (keeps_ && bytes() > most_bytes_) Forget();
    }
  }
  as_of_events_ = as_of_events;
  return absl::OkStatus();
}

absl::Status StandingReport::Advance(const ReadSnapshot& snapshot, uint64_t as_of_events,
                                     const Streams& written) {
  // What units became may change where anything belongs.
  if (places_ != nullptr && std::any_of(written.begin(), written.end(), IsOfUnits)) {
    places_.reset();
    Forget();
    keeps_ = true;
    return CountAll(snapshot, as_of_events);
  }
  Streams again = written;
  for (const StreamId& stream : written) {
    const auto number = numbers_.find(stream);
    if (number == numbers_.end()) continue;
    for (const uint32_t reader : kept_[number->second].readers) again.insert(streams_[reader]);
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<FactsAsOf> facts, FactsAsOf::Open(snapshot, as_of_events));
  Records records(*facts, compiled_.zone, places_, nullptr);
  for (const StreamId& stream : again) RETURN_IF_ERROR(CountStream(stream, *facts, records));
  RETURN_IF_ERROR(CheckGroups());
  as_of_events_ = as_of_events;
  if (bytes() > most_bytes_) Forget();
  return absl::OkStatus();
}

absl::Status StandingReport::CountStream(const StreamId& stream, FactsAsOf& facts,
                                         Records& records) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const Timeline> timeline, facts.TimelineOf(stream));
  if (!keeps_) return counter_.Count(*timeline, records, *figures_);
  if (const auto number = numbers_.find(stream); number != numbers_.end()) {
    figures_->TakeBack(kept_[number->second].counted);
  }
  std::vector<Figures::Mention> counted;
  std::vector<StreamId> reads;
  figures_->WriteMentionsTo(&counted);
  facts.WriteReadsTo(&reads);
  const absl::Status done = counter_.Count(*timeline, records, *figures_);
  facts.WriteReadsTo(nullptr);
  figures_->WriteMentionsTo(nullptr);
  RETURN_IF_ERROR(done);
  Keep(stream, std::move(counted), reads);
  return absl::OkStatus();
}

void StandingReport::Keep(const StreamId& stream, std::vector<Figures::Mention> counted,
                          const std::vector<StreamId>& reads) {
  if (counted.empty() && reads.empty() && !numbers_.contains(stream)) return;
  const uint32_t number = NumberOf(stream);
  std::vector<uint32_t> read;
  for (const StreamId& each : reads) {
    if (each != stream) read.push_back(NumberOf(each));
  }
  std::sort(read.begin(), read.end());
  read.erase(std::unique(read.begin(), read.end()), read.end());
  Kept& kept = kept_[number];
  for (const uint32_t each : read) {
    if (std::binary_search(kept.reads.begin(), kept.reads.end(), each)) continue;
    kept_[each].readers.push_back(number);
    kept_bytes_ += sizeof(uint32_t);
  }
  const auto bytes_of = [](const Kept& each) {
    return each.counted.capacity() * sizeof(Figures::Mention) +
           each.reads.capacity() * sizeof(uint32_t);
  };
  kept_bytes_ -= bytes_of(kept);
  counted.shrink_to_fit();
  read.shrink_to_fit();
  kept.counted = std::move(counted);
  kept.reads = std::move(read);
  kept_bytes_ += bytes_of(kept);
}

uint32_t StandingReport::NumberOf(const StreamId& stream) {
  const auto [number, is_new] =
      numbers_.try_emplace(stream, static_cast<uint32_t>(streams_.size()));
  if (is_new) {
    streams_.push_back(stream);
    kept_.emplace_back();
  }
  return number->second;
}

void StandingReport::Forget() {
  keeps_ = false;
  numbers_.clear();
  kept_ = {};
  streams_ = {};
  kept_bytes_ = 0;
}

absl::Status StandingReport::CheckGroups() const {
  return figures_->groups() > kMostGroups ? TooManyGroups() : absl::OkStatus();
}

size_t StandingReport::bytes() const {
  return figures_->bytes() + streams_.size() * kBytesOfStream + kept_bytes_;
}

ReportResult StandingReport::Result() const {
  ReportResult result{definition_.report_id(), definition_.version(), {}, {}, as_of_events_};
  for (int i = 0; i < definition_.indicators_size(); ++i) {
    const v1::Indicator& indicator = definition_.indicators(i);
    const auto index = static_cast<size_t>(i);
    ReportFigure figure{indicator.row(),
                        indicator.parent(),
                        figures_->Value(index),
                        indicator.unit(),
                        indicator.label_vi(),
                        indicator.label_en(),
                        compiled_.indicators[index].group_fields,
                        {},
                        figures_->NotAttributable(index)};
    result.rows.push_back(figure);
    figure.not_attributable = 0;
    figures_->VisitGroups(index, [&](const GroupKey& group, uint64_t value) {
      figure.value = value;
      figure.group.clear();
      for (const GroupValue& each : group) figure.group.push_back(each.text);
      result.rows.push_back(figure);
    });
  }
  result.broken_identities = BrokenIdentities(definition_, result.rows);
  return result;
}

}  // namespace caseledger::projections
