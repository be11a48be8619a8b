// Recorded events in order, shared and never copied: what an append became, what a subscriber gets.
#pragma once

#include <cstddef>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "eventstore/event.h"

namespace caseledger::eventstore {

// Parts of event vectors that others may hold, too. Copying it copies no event. Not thread-safe,
// but its copies are independent.
class EventList {
 public:
  using Shared = std::shared_ptr<const std::vector<RecordedEvent>>;

  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = RecordedEvent;
    using difference_type = std::ptrdiff_t;
    using pointer = const RecordedEvent*;
    using reference = const RecordedEvent&;

    Iterator() = default;
    reference operator*() const { return *at_; }
    pointer operator->() const { return at_; }
    Iterator& operator++() {
      if (++at_ == list_->parts_[part_].end) Enter(part_ + 1);
      return *this;
    }
    Iterator operator++(int) {
      const Iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.at_ == b.at_; }

   private:
    friend class EventList;
    Iterator(const EventList* list, size_t part) : list_(list) { Enter(part); }
    void Enter(size_t part) {
      part_ = part;
      at_ = part < list_->parts_.size() ? list_->parts_[part].begin : nullptr;
    }

    const EventList* list_ = nullptr;
    size_t part_ = 0;
    pointer at_ = nullptr;  // null at the end
  };
  using const_iterator = Iterator;
  using value_type = RecordedEvent;

  EventList() = default;
  // Takes the events over.
  EventList(std::vector<RecordedEvent> events) {  // NOLINT(google-explicit-constructor)
    const size_t count = events.size();
    Add(std::make_shared<const std::vector<RecordedEvent>>(std::move(events)), 0, count);
  }

  // Appends `count` events of `all` from index `first` on; they must be there.
  void Add(Shared all, size_t first, size_t count) {
    if (count == 0) return;
    const RecordedEvent* begin = all->data() + first;
    parts_.push_back({std::move(all), begin, begin + count});
    size_ += count;
  }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, parts_.size()}; }
  // In time linear in the number of parts.
  const RecordedEvent& operator[](size_t index) const {
    size_t part = 0;
    while (index >= parts_[part].size()) index -= parts_[part++].size();
    return parts_[part].begin[index];
  }
  const RecordedEvent& front() const { return *parts_.front().begin; }
  const RecordedEvent& back() const { return *(parts_.back().end - 1); }

 private:
  struct Part {
    Shared owner;
    const RecordedEvent* begin;
    const RecordedEvent* end;
    size_t size() const { return static_cast<size_t>(end - begin); }
  };

  std::vector<Part> parts_;  // none is empty
  size_t size_ = 0;
};

}  // namespace caseledger::eventstore
