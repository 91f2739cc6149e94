// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "exporter/api/json_rows.h"
#include "exporter/api/prom_envelope.h"
#include "exporter/api/prom_params.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// What the three endpoints take.
struct LabelQuery {
  std::vector<std::vector<Matcher>> selectors;
  Timestamp from = kMinQueryTime;
  Timestamp to = kMaxQueryTime;
  size_t limit = 0;
};

// Of the three endpoints only series names match[] in its errors.
StatusOr<LabelQuery> ReadLabelQuery(const ParamReader& params, bool name_match = false) {
  LabelQuery query;
  query.limit = TRY(params.Limit("limit"));
  query.from = std::max(kMinQueryTime, TRY(params.Time("start", kMinQueryTime)));
  query.to = std::min(kMaxQueryTime, TRY(params.Time("end", kMaxQueryTime)));
  StatusOr<std::vector<std::vector<Matcher>>> selectors = params.Selectors();
  if (!selectors.ok() && name_match) return InvalidParam("match[]", Message(selectors.status()));
  query.selectors = TRY(std::move(selectors));
  return query;
}

template <typename T>
void SortUnique(std::vector<T>* items) {
  std::ranges::sort(*items);
  items->erase(std::unique(items->begin(), items->end()), items->end());
}

// Runs `ask` for each selector, or once without any, and joins the sorted answers.
template <typename T, typename Ask>
StatusOr<std::vector<T>> Union(const LabelQuery& query, Ask ask) {
  if (query.to < query.from) return std::vector<T>();
  if (query.selectors.empty()) return ask(std::span<const Matcher>());
  std::vector<T> all;
  for (const std::vector<Matcher>& selector : query.selectors) {
    std::vector<T> some = TRY(ask(std::span<const Matcher>(selector)));
    all.insert(all.end(), std::make_move_iterator(some.begin()),
               std::make_move_iterator(some.end()));
  }
  if (query.selectors.size() > 1) SortUnique(&all);
  return all;
}

template <typename T>
std::vector<std::string> ApplyLimit(size_t limit, std::vector<T>* items) {
  if (limit == 0 || items->size() <= limit) return {};
  items->resize(limit);
  return {"results truncated due to limit"};
}

HttpResponse AnswerNames(const LabelQuery& query, std::vector<std::string> names) {
  const std::vector<std::string> warnings = ApplyLimit(query.limit, &names);
  return PromStream(JsonRows(std::move(names),
                             [](const std::string& name, JsonWriter* json) { json->String(name); }),
                    warnings, {});
}

StatusOr<HttpResponse> SeriesList(const Querier& querier, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  if (params.All("match[]").empty()) return InvalidArgument("no match[] parameter provided");
  const LabelQuery query = TRY(ReadLabelQuery(params, /*name_match=*/true));
  std::vector<Labels> series = TRY(Union<Labels>(query, [&](std::span<const Matcher> matchers) {
    return querier.SelectLabels(matchers, query.from, query.to);
  }));
  const std::vector<std::string> warnings = ApplyLimit(query.limit, &series);
  return PromStream(JsonRows(std::move(series), WriteLabels), warnings, {});
}

StatusOr<HttpResponse> LabelNames(const Querier& querier, HttpRequest& request) {
  const LabelQuery query = TRY(ReadLabelQuery(TRY(ParamReader::Read(request))));
  return AnswerNames(query, TRY(Union<std::string>(query, [&](std::span<const Matcher> matchers) {
                       return querier.LabelNames(matchers, query.from, query.to);
                     })));
}

StatusOr<HttpResponse> LabelValues(const Querier& querier, HttpRequest& request) {
  const std::string name = UnescapeLabelName(request.path_params.at("name"));
  if (!IsValidUtf8(name) || name.empty()) {
    return InvalidArgument(fmt::format("invalid label name: {}", Quote(name)));
  }
  const LabelQuery query = TRY(ReadLabelQuery(TRY(ParamReader::Read(request))));
  return AnswerNames(query, TRY(Union<std::string>(query, [&](std::span<const Matcher> matchers) {
                       return querier.LabelValues(name, matchers, query.from, query.to);
                     })));
}

void AppendUtf8(uint32_t code, std::string* out) {
  if (code < 0x80) {
    *out += static_cast<char>(code);
  } else if (code < 0x800) {
    *out += static_cast<char>(0xC0 | (code >> 6));
    *out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    *out += static_cast<char>(0xE0 | (code >> 12));
    *out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    *out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    *out += static_cast<char>(0xF0 | (code >> 18));
    *out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    *out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    *out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

}  // namespace

std::string UnescapeLabelName(std::string_view text) {
  if (!text.starts_with("U__")) return std::string(text);
  std::string out;
  const std::string_view escaped = text.substr(3);
  for (size_t i = 0; i < escaped.size(); ++i) {
    if (escaped[i] != '_') {
      out += escaped[i];
      continue;
    }
    const size_t end = escaped.find('_', i + 1);
    if (end == std::string_view::npos) return std::string(text);
    if (end == i + 1) {
      out += '_';
    } else {
      uint32_t code = 0;
      const char* last = escaped.data() + end;
      const auto parsed = std::from_chars(escaped.data() + i + 1, last, code, 16);
      if (parsed.ec != std::errc() || parsed.ptr != last || code > 0x10FFFF)
        return std::string(text);
      AppendUtf8(code, &out);
    }
    i = end;
  }
  return out;
}

void RegisterLabelsApi(Router& router, const Querier& querier) {
  using LabelsHandler = StatusOr<HttpResponse> (*)(const Querier&, HttpRequest&);
  struct LabelsRoute {
    const char* method;
    const char* pattern;
    LabelsHandler handler;
  };
  constexpr LabelsRoute kRoutes[] = {
      {"GET", "/api/v1/series", SeriesList},
      {"POST", "/api/v1/series", SeriesList},
      {"GET", "/api/v1/labels", LabelNames},
      {"POST", "/api/v1/labels", LabelNames},
      {"GET", "/api/v1/label/:name/values", LabelValues},
  };
  for (const LabelsRoute& route : kRoutes) {
    router.Add(route.method, route.pattern,
               PromRoute([&querier, handler = route.handler](HttpRequest& request) {
                 return handler(querier, request);
               }));
  }
}

}  // namespace outrider
