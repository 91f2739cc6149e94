// SPDX-License-Identifier: Apache-2.0
#include "rules/trial/histogram_notation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "storage/base/text.h"

namespace outrider {
namespace {

// More empty buckets than this between two spans are not written out; such a histogram has no
// literal, and its text only serves comparison.
constexpr int64_t kMaxGap = 10'000;

// `offset:3 buckets:[1 0 2]`, from the first populated bucket to the last one.
void AddBuckets(std::string_view offset_key, std::string_view buckets_key,
                std::span<const BucketSpan> spans, std::span<const double> buckets,
                std::vector<std::string>* out) {
  std::vector<std::string> counts;
  std::vector<std::string> empty;  // since the last populated bucket
  int64_t index = 0;
  int64_t first = 0;
  size_t next = 0;
  for (const BucketSpan& span : spans) {
    index += span.offset;
    const auto gap = static_cast<int64_t>(span.offset);
    if (!counts.empty() && gap > kMaxGap) empty.push_back(fmt::format("({} empty)", gap));
    if (!counts.empty() && gap <= kMaxGap)
      empty.resize(empty.size() + static_cast<size_t>(std::max<int64_t>(gap, 0)), "0");
    for (uint32_t i = 0; i < span.length; ++i, ++index) {
      const double count = buckets[next++];
      if (count == 0) {
        if (!counts.empty()) empty.push_back(FormatFloatG(count));
        continue;
      }
      if (counts.empty()) first = index;
      counts.insert(counts.end(), empty.begin(), empty.end());
      empty.clear();
      counts.push_back(FormatFloatG(count));
    }
  }
  if (counts.empty()) return;
  if (first != 0) out->push_back(fmt::format("{}:{}", offset_key, first));
  out->push_back(fmt::format("{}:[{}]", buckets_key, Join(counts, " ")));
}

StatusOr<double> ParseNumber(std::string_view text) {
  if (text.starts_with("+")) text.remove_prefix(1);
  return ParseDouble(text);
}

StatusOr<ResetHint> ParseHint(std::string_view text) {
  constexpr std::pair<std::string_view, ResetHint> kHints[] = {{"unknown", ResetHint::kUnknown},
                                                               {"reset", ResetHint::kYes},
                                                               {"not_reset", ResetHint::kNo},
                                                               {"gauge", ResetHint::kGauge}};
  for (const auto& [name, hint] : kHints) {
    if (text == name) return hint;
  }
  return InvalidArgument(fmt::format("unknown counter_reset_hint {}", Quote(text)));
}

// `[1 2 3]`.
StatusOr<std::vector<double>> ParseList(std::string_view text) {
  if (!text.starts_with("[") || !text.ends_with("]")) {
    return InvalidArgument(fmt::format("expected [numbers], not {}", Quote(text)));
  }
  std::vector<double> numbers;
  for (const std::string_view word : Split(text.substr(1, text.size() - 2), ' ')) {
    if (!word.empty()) numbers.push_back(TRY(ParseNumber(word)));
  }
  return numbers;
}

class LiteralParser {
 public:
  Status Item(std::string_view key, std::string_view value) {
    if (!seen_.emplace(key).second) {
      return InvalidArgument(fmt::format("duplicate key {} in histogram", Quote(key)));
    }
    NativeHistogram& h = literal_.histogram;
    const std::pair<std::string_view, double*> numbers[] = {{"sum", &h.sum},
                                                            {"count", &h.count},
                                                            {"z_bucket", &h.zero_count},
                                                            {"z_bucket_w", &h.zero_threshold}};
    for (const auto& [name, target] : numbers) {
      if (key == name) return Take(ParseNumber(value), target);
    }
    const std::pair<std::string_view, int64_t*> integers[] = {
        {"schema", &schema_}, {"offset", &offset_}, {"n_offset", &negative_offset_}};
    for (const auto& [name, target] : integers) {
      if (key == name) return Take(ParseInt(value), target);
    }
    const std::pair<std::string_view, std::vector<double>*> lists[] = {
        {"buckets", &h.positive_buckets},
        {"n_buckets", &h.negative_buckets},
        {"custom_values", &h.custom_values}};
    for (const auto& [name, target] : lists) {
      if (key == name) return Take(ParseList(value), target);
    }
    if (key != "counter_reset_hint") {
      return InvalidArgument(fmt::format("unknown key {} in histogram", Quote(key)));
    }
    literal_.hint_written = true;
    return Take(ParseHint(value), &h.reset_hint);
  }

  StatusOr<HistogramLiteral> Finish() {
    NativeHistogram& h = literal_.histogram;
    h.is_float = true;
    h.schema = static_cast<int32_t>(schema_);
    AddSpan(offset_, h.positive_buckets.size(), &h.positive_spans);
    AddSpan(negative_offset_, h.negative_buckets.size(), &h.negative_spans);
    TRY(ValidateShape(h));
    return std::move(literal_);
  }

 private:
  template <typename T>
  static Status Take(StatusOr<T> parsed, T* target) {
    TRY(parsed.status());
    *target = *std::move(parsed);
    return {};
  }
  static void AddSpan(int64_t offset, size_t length, std::vector<BucketSpan>* spans) {
    if (length == 0) return;
    spans->push_back({static_cast<int32_t>(offset), static_cast<uint32_t>(length)});
  }

  HistogramLiteral literal_;
  std::set<std::string, std::less<>> seen_;
  int64_t schema_ = 0;
  int64_t offset_ = 0;
  int64_t negative_offset_ = 0;
};

// Up to the next blank outside of brackets.
std::string_view TakeItem(std::string_view* text) {
  size_t end = 0;
  bool list = false;
  while (end < text->size() && (list || (*text)[end] != ' ')) {
    if ((*text)[end] == '[') list = true;
    if ((*text)[end] == ']') list = false;
    ++end;
  }
  const std::string_view item = text->substr(0, end);
  *text = Trim(text->substr(end));
  return item;
}

}  // namespace

StatusOr<HistogramLiteral> ParseHistogramLiteral(std::string_view text) {
  LiteralParser parser;
  text = Trim(text);
  while (!text.empty()) {
    const std::string_view item = TakeItem(&text);
    const size_t colon = item.find(':');
    if (colon == std::string_view::npos) {
      return InvalidArgument(fmt::format("expected key:value in a histogram, not {}", Quote(item)));
    }
    TRY(parser.Item(item.substr(0, colon), item.substr(colon + 1)));
  }
  return parser.Finish();
}

std::string FormatHistogramLiteral(const NativeHistogram& histogram) {
  const NativeHistogram& h = histogram;
  std::vector<std::string> parts;
  if (h.schema != 0) parts.push_back(fmt::format("schema:{}", h.schema));
  const std::pair<std::string_view, double> numbers[] = {{"count", h.count},
                                                         {"sum", h.sum},
                                                         {"z_bucket", h.zero_count},
                                                         {"z_bucket_w", h.zero_threshold}};
  for (const auto& [key, value] : numbers) {
    if (h.schema == kCustomSchema && key.starts_with("z_")) continue;  // they have none
    if (value != 0) parts.push_back(fmt::format("{}:{}", key, FormatFloatG(value)));
  }
  if (h.schema == kCustomSchema) {
    std::vector<std::string> bounds;
    bounds.reserve(h.custom_values.size());
    for (const double bound : h.custom_values) bounds.push_back(FormatFloatG(bound));
    parts.push_back(fmt::format("custom_values:[{}]", Join(bounds, " ")));
  }
  constexpr std::array<std::string_view, 4> kHints = {"", "reset", "not_reset", "gauge"};
  const std::string_view hint = kHints.at(static_cast<size_t>(h.reset_hint));
  if (!hint.empty()) parts.push_back(fmt::format("counter_reset_hint:{}", hint));
  AddBuckets("offset", "buckets", h.positive_spans, h.positive_buckets, &parts);
  AddBuckets("n_offset", "n_buckets", h.negative_spans, h.negative_buckets, &parts);
  return "{{" + Join(parts, " ") + "}}";
}

}  // namespace outrider
