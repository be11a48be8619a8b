#include "tests/bench/report/report.h"

#include <fmt/format.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

namespace caseledger::bench {
namespace {

using Json = nlohmann::ordered_json;

std::string Number(double value) {
  if (value >= 1000) return fmt::format("{:.0f}", value);
  return fmt::format("{:.3g}", value);
}

std::string BarOf(const Figure& figure) {
  if (figure.bar == Figure::Bar::kNone) return "";
  return fmt::format("{} {}",
                     figure.bar == Figure::Bar::kAtLeast ? ">=" : "<=", Number(figure.bar_value));
}

absl::StatusOr<Json> ReadReport(const std::string& path) {
  std::ifstream file(path);
  Json report = Json::parse(file, nullptr, /*allow_exceptions=*/false);
  if (!report.is_object() || !report.contains("figures")) {
    return absl::InvalidArgumentError(path + " is not a report of caseledger_bench");
  }
  return report;
}

}  // namespace

bool Figure::reached() const {
  const double measured = ratio.value_or(value);
  return bar == Bar::kNone ||
         (bar == Bar::kAtLeast ? measured >= bar_value : measured <= bar_value);
}

void Report::Add(std::string name, double value, std::string unit) {
  AddBar(std::move(name), value, std::move(unit), Figure::Bar::kNone, 0);
}

void Report::AddBar(std::string name, double value, std::string unit, Figure::Bar bar,
                    double bar_value) {
  Figure figure;
  figure.name = std::move(name);
  figure.value = value;
  figure.unit = std::move(unit);
  figure.bar = bar;
  figure.bar_value = bar_value;
  figures_.push_back(std::move(figure));
}

void Report::AddRatio(std::string name, double value, std::string unit, std::string limit_name,
                      double limit, Figure::Bar bar, double bar_value,
                      std::optional<double> ratio) {
  AddBar(std::move(name), value, std::move(unit), bar, bar_value);
  Figure& figure = figures_.back();
  figure.limit_name = std::move(limit_name);
  figure.limit = limit;
  figure.ratio = ratio.has_value() ? ratio
                 : limit > 0       ? std::optional(value / limit)
                                   : std::nullopt;
}

std::string Report::ToTable() const {
  std::string table = fmt::format("{:<44} {:>10} {:<9} {:>7} {:>8} {:<7} {}\n", "figure", "value",
                                  "unit", "ratio", "bar", "reached", "of what");
  for (const Figure& figure : figures_) {
    const std::string limit =
        figure.limit_name.empty() ? "" : figure.limit_name + " " + Number(figure.limit);
    const bool has_bar = figure.bar != Figure::Bar::kNone;
    table +=
        fmt::format("{:<44} {:>10} {:<9} {:>7} {:>8} {:<7} {}\n", figure.name, Number(figure.value),
                    figure.unit, figure.ratio ? fmt::format("{:.2f}", *figure.ratio) : "",
                    BarOf(figure), has_bar ? (figure.reached() ? "yes" : "NO") : "", limit);
  }
  return table;
}

std::string Report::ToJson(const std::string& about) const {
  Json report;
  report["about"] = Json::parse(about);
  for (const Figure& figure : figures_) {
    Json one{{"name", figure.name}, {"value", figure.value}, {"unit", figure.unit}};
    if (!figure.limit_name.empty()) {
      one["limit_name"] = figure.limit_name;
      one["limit"] = figure.limit;
    }
    if (figure.ratio) one["ratio"] = *figure.ratio;
    if (figure.bar != Figure::Bar::kNone) {
      one["bar"] = BarOf(figure);
      one["reached"] = figure.reached();
    }
    report["figures"].push_back(std::move(one));
  }
  return report.dump(1) + "\n";
}

absl::StatusOr<std::string> CompareReports(const std::string& file_a, const std::string& file_b) {
  const absl::StatusOr<Json> a = ReadReport(file_a);
  if (!a.ok()) return a.status();
  const absl::StatusOr<Json> b = ReadReport(file_b);
  if (!b.ok()) return b.status();
  std::map<std::string, Json> before;
  for (const Json& figure : (*a)["figures"]) before[figure.value("name", "")] = figure;
  std::string table = fmt::format("{:<44} {:>10} {:>10} {:>7} {:>8} {:>8}\n", "figure", "A", "B",
                                  "B/A", "ratio A", "ratio B");
  const auto ratio = [](const Json& figure) {
    return figure.contains("ratio") ? fmt::format("{:.2f}", figure["ratio"].get<double>()) : "";
  };
  for (const Json& figure : (*b)["figures"]) {
    const auto found = before.find(figure.value("name", ""));
    if (found == before.end()) continue;
    const double old_value = found->second.value("value", 0.0);
    const double new_value = figure.value("value", 0.0);
    table += fmt::format("{:<44} {:>10} {:>10} {:>7} {:>8} {:>8}\n", found->first,
                         Number(old_value), Number(new_value),
                         old_value > 0 ? fmt::format("{:.2f}", new_value / old_value) : "",
                         ratio(found->second), ratio(figure));
  }
  return table;
}

}  // namespace caseledger::bench
