#include "projections/report_facts/figures.h"

#include <limits>

namespace caseledger::projections {
namespace {

using What = CompiledCount::What;

// Stands for the group itself among the things that are mentioned.
constexpr uint32_t kTheGroup = std::numeric_limits<uint32_t>::max();

// Of one entry of a hash table and what it holds, with the room it leaves.
constexpr size_t kBytesOfThing = 32;
constexpr size_t kBytesOfName = 64;
constexpr size_t kBytesOfGroup = 256;

}  // namespace

Figures::Figures(const CompiledReport& report)
    : report_(report), tallies_(2 * report.indicators.size()), groups_(report.indicators.size()) {
  for (size_t i = 0; i < tallies_.size(); ++i) tallies_[i].indicator = i / 2;
}

uint32_t Figures::Group(size_t indicator, const GroupKey& group) {
  const auto [found, is_new] = groups_[indicator].try_emplace(group);
  if (is_new) {
    ++groups_count_;
    if (unused_.empty()) {
      unused_.push_back(static_cast<uint32_t>(tallies_.size()));
      tallies_.emplace_back();
    }
    found->second = unused_.back();
    unused_.pop_back();
    tallies_[found->second].indicator = indicator;
    tallies_[found->second].group = group;
  }
  ++tallies_[found->second].mentions;
  if (mentions_ != nullptr) mentions_->push_back({found->second, kTheGroup});
  return found->second;
}

uint32_t Figures::NameOf(const std::string& thing) {
  const auto [name, is_new] = names_.try_emplace(thing, static_cast<uint32_t>(names_.size()));
  if (is_new) name_bytes_ += thing.size();
  return name->second;
}

void Figures::Add(uint32_t tally, const std::string& thing, uint64_t number) {
  const uint32_t name = NameOf(thing);
  Tally& into = tallies_[tally];
  const auto [counted, is_new] = into.things.try_emplace(name, Counted{0, number});
  if (is_new) {
    into.sum += number;
    ++things_;
  }
  ++counted->second.times;
  if (mentions_ != nullptr) mentions_->push_back({tally, name});
}

void Figures::TakeBack(const std::vector<Mention>& mentions) {
  for (const Mention& mention : mentions) TakeBack(mention);
}

// A group's own mention comes before what it counts; it goes with whichever is taken back last.
void Figures::TakeBack(const Mention& mention) {
  Tally& from = tallies_[mention.tally];
  if (mention.thing == kTheGroup) {
    --from.mentions;
  } else {
    const auto counted = from.things.find(mention.thing);
    if (--counted->second.times == 0) {
      from.sum -= counted->second.number;
      from.things.erase(counted);
      --things_;
    }
  }
  const bool is_group = mention.tally >= 2 * report_.indicators.size();
  if (is_group && from.mentions == 0 && from.things.empty()) DropGroup(mention.tally);
}

void Figures::DropGroup(uint32_t tally) {
  groups_[tallies_[tally].indicator].erase(tallies_[tally].group);
  tallies_[tally] = Tally();
  unused_.push_back(tally);
  --groups_count_;
}

uint64_t Figures::ValueOf(const Tally& tally) const {
  const bool sums = report_.indicators[tally.indicator].count.what == What::kSum;
  return sums ? tally.sum : tally.things.size();
}

uint64_t Figures::Value(size_t indicator) const { return ValueOf(tallies_[Row(indicator)]); }

uint64_t Figures::NotAttributable(size_t indicator) const {
  const bool sums = report_.indicators[indicator].count.what == What::kSum;
  const Tally& counted = tallies_[Row(indicator)];
  uint64_t value = 0;
  for (const auto& [name, thing] : tallies_[NotPlaced(indicator)].things) {
    if (!counted.things.contains(name)) value += sums ? thing.number : 1;
  }
  return value;
}

void Figures::VisitGroups(
    size_t indicator, absl::FunctionRef<void(const GroupKey& group, uint64_t value)> visit) const {
  for (const auto& [group, tally] : groups_[indicator]) visit(group, ValueOf(tallies_[tally]));
}

size_t Figures::bytes() const {
  return things_ * kBytesOfThing + names_.size() * kBytesOfName + name_bytes_ +
         groups_count_ * kBytesOfGroup;
}

}  // namespace caseledger::projections
