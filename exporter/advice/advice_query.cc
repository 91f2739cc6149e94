// SPDX-License-Identifier: Apache-2.0
#include "exporter/advice/advice_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <tuple>

#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::array<std::string_view, 3> kOrders = {"workload", "savings", "severity"};

bool Fits(const std::vector<std::string>& wanted, const std::string& value) {
  return wanted.empty() || std::ranges::find(wanted, value) != wanted.end();
}

bool Passes(const Recommendation& row, const AdviceQuery& query) {
  if (!Fits(query.clusters, row.key.cluster) || !Fits(query.namespaces, row.key.namespace_name) ||
      !Fits(query.workloads, row.key.workload) || !Fits(query.kinds, row.key.workload_kind) ||
      !Fits(query.containers, row.container)) {
    return false;
  }
  if (query.only_with_data && !HasProposal(row)) return false;
  if (query.min_savings && !(SavingsPerMonth(row).value_or(0) >= *query.min_savings)) return false;
  return query.severities.empty() ||
         std::ranges::find(query.severities, SeverityOf(row)) != query.severities.end();
}

double RankOf(const Recommendation& row, AdviceOrder order) {
  switch (order) {
    case AdviceOrder::kWorkload:
      return 0;
    case AdviceOrder::kSavings:
      return SavingsPerMonth(row).value_or(-std::numeric_limits<double>::max());
    case AdviceOrder::kSeverity:
      return static_cast<double>(SeverityOf(row));
  }
  return 0;
}

AdviceCursor CursorOf(const Recommendation& row, AdviceOrder order) {
  return {RankOf(row, order), row.key, row.container};
}

// High ranks come first.
bool IsBefore(const AdviceCursor& a, const AdviceCursor& b) {
  return std::forward_as_tuple(-a.rank, a.key, a.container) <
         std::forward_as_tuple(-b.rank, b.key, b.container);
}

StatusOr<std::string> HexDecode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    const std::string_view digits = text.substr(i, 2);
    if (digits.find_first_not_of("0123456789abcdef") != std::string_view::npos) break;
    const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    out += static_cast<char>(16 * value(digits[0]) + value(digits[1]));
  }
  if (2 * out.size() != text.size()) return InvalidArgument("not the `next` of an answer");
  return out;
}

}  // namespace

StatusOr<AdviceOrder> ParseAdviceOrder(std::string_view text) {
  for (size_t i = 0; i < kOrders.size(); ++i) {
    if (kOrders[i] == text) return static_cast<AdviceOrder>(i);
  }
  return InvalidArgument(fmt::format("{}: want workload, savings or severity", Quote(text)));
}

std::string CursorToken(const AdviceCursor& cursor) {
  std::string text;
  JsonWriter(&text)
      .StartArray()
      .Double(cursor.rank)
      .String(cursor.key.cluster)
      .String(cursor.key.namespace_name)
      .String(cursor.key.workload)
      .String(cursor.key.workload_kind)
      .String(cursor.container)
      .EndArray();
  return HexEncode(text);
}

StatusOr<AdviceCursor> ParseCursorToken(std::string_view token) {
  const StatusOr<JsonValue> json = ParseJson(TRY(HexDecode(token)));
  if (!json.ok() || json->items.size() != 6) return InvalidArgument("not the `next` of an answer");
  const auto& parts = json->items;
  return AdviceCursor{parts[0].number,
                      {parts[2].string, parts[3].string, parts[4].string, parts[1].string},
                      parts[5].string};
}

AdvicePage Select(std::vector<Recommendation> rows, const AdviceQuery& query) {
  AdvicePage page;
  std::erase_if(rows, [&](const Recommendation& row) { return !Passes(row, query); });
  std::ranges::stable_sort(rows, [&](const Recommendation& a, const Recommendation& b) {
    return IsBefore(CursorOf(a, query.order), CursorOf(b, query.order));
  });
  page.all = std::move(rows);
  for (const Recommendation& row : page.all) {
    if (query.after && !IsBefore(*query.after, CursorOf(row, query.order))) continue;
    if (query.limit != 0 && page.rows.size() == query.limit) {
      page.next = CursorOf(page.rows.back(), query.order);
      break;
    }
    page.rows.push_back(row);
  }
  return page;
}

}  // namespace outrider
