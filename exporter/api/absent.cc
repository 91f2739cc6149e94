// SPDX-License-Identifier: Apache-2.0
// Parameters are checked as Prometheus does, so that a mistake is told of here too.
#include "exporter/api/absent.h"

#include <fmt/format.h>

#include <initializer_list>
#include <utility>

#include "exporter/api/prom_envelope.h"
#include "exporter/api/prom_params.h"
#include "rules/promql/parser.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

StatusOr<HttpResponse> GetTargets(HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  const std::string state = ToLower(params.Text("state"));
  const bool dropped = state.empty() || state == "any" || state == "dropped";
  return PromSuccess(
      fmt::format(R"({{"activeTargets":[],"droppedTargets":[],"droppedTargetCounts":{}}})",
                  dropped ? "{}" : "null"));
}

StatusOr<HttpResponse> GetTargetMetadata(HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  TRY(params.OldLimit("limit"));
  if (const std::string_view match = params.Text("match_target"); !match.empty()) {
    const StatusOr<std::vector<Matcher>> matchers = promql::ParseSelector(match);
    if (!matchers.ok()) return InvalidParam("match_target", Message(matchers.status()));
  }
  return PromSuccess("[]");
}

StatusOr<HttpResponse> NoScrapePool(const ParamReader& params) {
  return InvalidArgument(fmt::format("error retrieving scrape config: scrape pool {} not found",
                                     Quote(params.Text("scrapePool"))));
}

StatusOr<HttpResponse> GetRelabelSteps(HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  for (const char* name : {"scrapePool", "labels"}) {
    if (params.Text(name).empty())
      return InvalidArgument(fmt::format("no {} parameter provided", name));
  }
  return NoScrapePool(params);
}

StatusOr<HttpResponse> GetScrapePoolConfig(HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  if (params.Text("scrapePool").empty()) return InvalidArgument("no scrapePool parameter provided");
  return NoScrapePool(params);
}

constexpr std::pair<const char*, StatusOr<HttpResponse> (*)(HttpRequest&)> kRoutes[] = {
    {"/api/v1/targets", GetTargets},
    {"/api/v1/targets/metadata", GetTargetMetadata},
    {"/api/v1/targets/relabel_steps", GetRelabelSteps},
    {"/api/v1/scrape_pools/config", GetScrapePoolConfig},
};

constexpr std::pair<const char*, const char*> kEmptyAnswers[] = {
    {"/api/v1/scrape_pools", R"({"scrapePools":[]})"},
    {"/api/v1/notifications", "[]"},
    {"/api/v1/status/tsdb/blocks", R"({"blocks":[]})"},
    {"/api/v1/status/walreplay", R"({"min":0,"max":0,"current":0})"},
};

// What Prometheus has switched off by default.
struct Disabled {
  const char* path;
  std::initializer_list<const char*> methods;
  const char* error;
};
constexpr std::initializer_list<const char*> kChanges = {"POST", "PUT"};
constexpr std::initializer_list<const char*> kQuestions = {"GET", "POST"};
constexpr Disabled kDisabled[] = {
    {"/api/v1/admin/tsdb/delete_series", kChanges, "admin APIs disabled"},
    {"/api/v1/admin/tsdb/clean_tombstones", kChanges, "admin APIs disabled"},
    {"/api/v1/admin/tsdb/snapshot", kChanges, "admin APIs disabled"},
    {"/api/v1/search/metric_names", kQuestions, "search API disabled"},
    {"/api/v1/search/label_names", kQuestions, "search API disabled"},
    {"/api/v1/search/label_values", kQuestions, "search API disabled"},
};

}  // namespace

void RegisterAbsentApi(Router& router) {
  for (const auto& [path, handler] : kRoutes) router.Add("GET", path, PromRoute(handler));
  for (const auto& [path, data] : kEmptyAnswers) {
    router.Add("GET", path, [data](HttpRequest&) { return PromSuccess(data); });
  }
  // Nothing will ever come: a browser that is told so does not ask again.
  router.Add("GET", "/api/v1/notifications/live",
             [](HttpRequest&) { return HttpResponse::Empty(); });
  for (const Disabled& disabled : kDisabled) {
    for (const char* method : disabled.methods) {
      router.Add(method, disabled.path, [error = disabled.error](HttpRequest&) {
        return PromError(absl::UnavailableError(error));
      });
    }
  }
}

}  // namespace outrider
