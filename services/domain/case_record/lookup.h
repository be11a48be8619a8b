// The value of a key, or null. Facts that name an unknown key must leave no trace in a state.
#pragma once

#include <map>
#include <string>

namespace caseledger::domain {

template <typename Value>
Value* Find(std::map<std::string, Value>& values, const std::string& key) {
  const auto it = values.find(key);
  return it == values.end() ? nullptr : &it->second;
}

template <typename Value>
const Value* Find(const std::map<std::string, Value>& values, const std::string& key) {
  const auto it = values.find(key);
  return it == values.end() ? nullptr : &it->second;
}

}  // namespace caseledger::domain
