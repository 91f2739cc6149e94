// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/status.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>

#include "exporter/api/absent.h"
#include "exporter/api/prom_envelope.h"
#include "exporter/api/prom_params.h"
#include "storage/base/duration.h"
#include "storage/base/hash.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

void Text(JsonWriter* json, std::string_view key, std::string_view value) {
  json->Key(key).String(value);
}

StatusOr<HttpResponse> GetBuildInfo(const StatusApiDeps& deps, HttpRequest&) {
  std::string data;
  JsonWriter json(&data);
  json.StartObject();
  Text(&json, "version", ApiVersion(kPrometheusApiVersion, deps.build));
  Text(&json, "revision", deps.build.revision);
  Text(&json, "branch", deps.build.branch);
  Text(&json, "buildUser", deps.build.build_user);
  Text(&json, "buildDate", deps.build.build_date);
  Text(&json, "goVersion", deps.build.compiler);
  json.EndObject();  // no key `features` here: Grafana would take us for Mimir
  return PromSuccess(data);
}

std::string WorkingDirectory() {
  std::array<char, 4096> buffer = {};
  return getcwd(buffer.data(), buffer.size()) == nullptr ? "" : buffer.data();
}

std::string HostName() {
  std::array<char, 256> buffer = {};
  return gethostname(buffer.data(), buffer.size() - 1) == 0 ? buffer.data() : "";
}

StatusOr<HttpResponse> GetRuntimeInfo(const StatusApiDeps& deps, HttpRequest&) {
  const RuntimeInfo info = deps.runtime();
  std::string data;
  JsonWriter json(&data);
  json.StartObject();
  Text(&json, "startTime", FormatRfc3339(info.started_at));
  Text(&json, "CWD", WorkingDirectory());
  Text(&json, "hostname", HostName());
  Text(&json, "serverTime", FormatRfc3339(deps.clock.NowNanos()));
  json.Key("reloadConfigSuccess").Bool(info.reload_ok);
  Text(&json, "lastConfigTime", FormatRfc3339(info.last_config_at));
  json.Key("corruptionCount").Int(static_cast<int64_t>(info.corruption_count));
  json.Key("goroutineCount").Int(info.threads);
  json.Key("GOMAXPROCS").Int(sysconf(_SC_NPROCESSORS_ONLN));
  json.Key("GOMEMLIMIT").Int(INT64_MAX);
  Text(&json, "GOGC", "");
  Text(&json, "GODEBUG", "");
  Text(&json, "storageRetention", info.storage_retention);
  json.EndObject();
  return PromSuccess(data);
}

StatusOr<HttpResponse> GetConfig(const StatusApiDeps& deps, HttpRequest&) {
  std::string data;
  JsonWriter(&data).StartObject().Key("yaml").String(deps.config_yaml()).EndObject();
  return PromSuccess(data);
}

StatusOr<HttpResponse> GetFlags(const StatusApiDeps& deps, HttpRequest&) {
  std::string data;
  JsonWriter json(&data);
  json.StartObject();
  for (const auto& [name, value] : deps.flags) Text(&json, name, value);
  json.EndObject();
  return PromSuccess(data);
}

using Counts = StringMap<uint64_t>;

// Between name and value while pairs are counted: it stands in no name, which are UTF-8, but `=`
// may.
constexpr char kBetween = '\xff';

// The `limit` largest counts as [{name, value}], largest first.
void WriteTop(std::string_view key, const Counts& counts, size_t limit, JsonWriter* json) {
  std::vector<std::pair<uint64_t, std::string>> sorted;
  sorted.reserve(counts.size());
  for (const auto& [name, count] : counts) sorted.emplace_back(count, name);
  std::ranges::sort(sorted, [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  if (sorted.size() > limit) sorted.resize(limit);
  json->Key(key).StartArray();
  for (auto& [count, name] : sorted) {
    const size_t between = name.find(kBetween);
    if (between != std::string::npos) name[between] = '=';
    json->StartObject()
        .Key("name")
        .String(name)
        .Key("value")
        .Int(static_cast<int64_t>(count))
        .EndObject();
  }
  json->EndArray();
}

// Counted over all label sets at the time of the question: rarely asked, so nothing is kept for it.
struct Cardinality {
  Counts series_by_metric;
  Counts values_by_label;
  Counts bytes_by_label;  // of all values together, each once: so they are kept in memory
  Counts series_by_pair;
};

Cardinality Count(const std::vector<Labels>& all) {
  Cardinality out;
  for (const Labels& labels : all) {
    for (const LabelView label : labels) {
      if (label.name == kMetricName) ++out.series_by_metric[std::string(label.value)];
      const std::string pair = fmt::format("{}{}{}", label.name, kBetween, label.value);
      if (++out.series_by_pair[pair] > 1) continue;
      ++out.values_by_label[std::string(label.name)];
      out.bytes_by_label[std::string(label.name)] += label.value.size();
    }
  }
  return out;
}

constexpr int64_t kMaxTsdbLimit = 10'000;

StatusOr<HttpResponse> GetTsdb(const StatusApiDeps& deps, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  const StatusOr<int64_t> asked =
      params.Text("limit").empty() ? int64_t{10} : ParseInt(params.Text("limit"));
  if (!asked.ok() || *asked < 1) return InvalidArgument("limit must be a positive number");
  if (*asked > kMaxTsdbLimit)
    return InvalidArgument(fmt::format("limit must not exceed {}", kMaxTsdbLimit));
  const auto limit = static_cast<size_t>(*asked);
  const Cardinality counts =
      Count(TRY(deps.querier.SelectLabels({}, kMinQueryTime, kMaxQueryTime)));
  const HeadInfo head = deps.head();
  std::string data;
  JsonWriter json(&data);
  json.StartObject().Key("headStats").StartObject();
  json.Key("numSeries").Int(static_cast<int64_t>(head.series));
  json.Key("numLabelPairs").Int(static_cast<int64_t>(counts.series_by_pair.size()));
  json.Key("chunkCount").Int(static_cast<int64_t>(head.chunks));
  const bool empty = head.series == 0;
  json.Key("minTime").Int(empty ? 0 : head.min_time);
  json.Key("maxTime").Int(empty ? 0 : head.max_time).EndObject();
  WriteTop("seriesCountByMetricName", counts.series_by_metric, limit, &json);
  WriteTop("labelValueCountByLabelName", counts.values_by_label, limit, &json);
  WriteTop("memoryInBytesByLabelName", counts.bytes_by_label, limit, &json);
  WriteTop("seriesCountByLabelValuePair", counts.series_by_pair, limit, &json);
  // Prometheus has no senders.
  WriteTop("seriesCountBySender",
           Counts(head.series_by_sender.begin(), head.series_by_sender.end()), limit, &json);
  json.EndObject();
  return PromSuccess(data);
}

StatusOr<HttpResponse> GetAlertmanagers(const StatusApiDeps& deps, HttpRequest&) {
  std::string data;
  JsonWriter json(&data);
  json.StartObject();
  for (const auto& [key, urls] :
       {std::pair{"activeAlertmanagers", &deps.alertmanager_urls},
        std::pair{"droppedAlertmanagers", &deps.dropped_alertmanager_urls}}) {
    json.Key(key).StartArray();
    if (*urls != nullptr) {
      for (const std::string& url : (*urls)())
        json.StartObject().Key("url").String(url).EndObject();
    }
    json.EndArray();
  }
  json.EndObject();
  return PromSuccess(data);
}

using StatusHandler = StatusOr<HttpResponse> (*)(const StatusApiDeps&, HttpRequest&);
constexpr std::pair<const char*, StatusHandler> kRoutes[] = {
    {"/api/v1/status/buildinfo", GetBuildInfo}, {"/api/v1/status/runtimeinfo", GetRuntimeInfo},
    {"/api/v1/status/config", GetConfig},       {"/api/v1/status/flags", GetFlags},
    {"/api/v1/status/tsdb", GetTsdb},           {"/api/v1/alertmanagers", GetAlertmanagers},
};

}  // namespace

std::string ApiVersion(std::string_view api_version, const BuildInfo& build) {
  return fmt::format("{}+outrider.{}", api_version, build.version);
}

void RegisterStatusApi(Router& router, const StatusApiDeps& deps) {
  for (const auto& [pattern, handler] : kRoutes) {
    router.Add("GET", pattern,
               PromRoute([deps, handler](HttpRequest& request) { return handler(deps, request); }));
  }
  RegisterAbsentApi(router);
}

}  // namespace outrider
