// SPDX-License-Identifier: Apache-2.0
// Sloth's files (`version: prometheus/v1`) and its Kubernetes resource PrometheusServiceLevel,
// which says the same in camel case. Source: specs/incidents_oncall_slo.md §2.5.
#include <array>

#include "fmt/format.h"
#include "rules/slo/slo_reading.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

struct SlothKeys {
  const char* error_query;
  const char* total_query;
  const char* ratio_query;
  const char* page;
  const char* ticket;
  const char* plugins;
};
constexpr SlothKeys kFileKeys = {"error_query", "total_query",  "error_ratio_query",
                                 "page_alert",  "ticket_alert", "slo_plugins"};
constexpr SlothKeys kResourceKeys = {"errorQuery", "totalQuery",  "errorRatioQuery",
                                     "pageAlert",  "ticketAlert", "sloPlugins"};

// Plugins that do what happens here anyway: Sloth's own rules, and the true ratio over the period.
constexpr std::array<std::string_view, 6> kBuiltIn = {
    "sloth.dev/core/debug/v1",       "sloth.dev/core/validate/v1",
    "sloth.dev/core/sli_rules/v1",   "sloth.dev/core/metadata_rules/v1",
    "sloth.dev/core/alert_rules/v1", "sloth.dev/contrib/denominator_corrected_rules/v1"};

Status CheckPlugins(const YamlNode* node, const SloReading& reading) {
  if (node == nullptr || node->IsNull()) return absl::OkStatus();
  YamlReader reader(*node, reading.file, "plugins");
  bool override_previous = false;
  reader.Bool("overridePrevious", &override_previous);
  const YamlNode* chain = reader.Child("chain");
  TRY(reader.Finish());
  if (chain == nullptr) return absl::OkStatus();
  for (const YamlNode& plugin : chain->items) {
    const YamlNode* id = plugin.Find("id");
    if (id == nullptr) return reading.Error(plugin, "a plugin needs an id");
    bool known = false;
    for (const std::string_view built_in : kBuiltIn) known |= id->scalar == built_in;
    if (known) continue;
    return reading.Error(*id, fmt::format("Sloth's plugin {} cannot run here: plugins are Go code",
                                          Quote(id->scalar)));
  }
  return absl::OkStatus();
}

// The text of a key that must be there.
const YamlNode* Needed(YamlReader& reader, const YamlNode& node, const char* key) {
  std::string text;
  if (!reader.String(key, &text) || text.empty()) {
    reader.Fail(key, fmt::format("{} is needed", key));
    return nullptr;
  }
  return node.Find(key);
}

Status ReadIndicator(const YamlNode& node, const SlothKeys& keys, const SloReading& reading,
                     SloSpec* spec) {
  YamlReader reader(node, reading.file, "sli");
  const YamlNode* events = reader.Child("events");
  const YamlNode* raw = reader.Child("raw");
  const YamlNode* plugin = reader.Child("plugin");
  TRY(reader.Finish());
  if (plugin != nullptr && !plugin->IsNull()) {
    return reading.Error(*plugin,
                         "an SLI plugin of Sloth cannot run here: plugins are Go code; "
                         "write its queries as events");
  }
  const bool has_events = events != nullptr && !events->IsNull();
  const bool has_raw = raw != nullptr && !raw->IsNull();
  if (has_events == has_raw) return reading.Error(node, "an sli is either events or raw");
  if (has_raw) {
    YamlReader query(*raw, reading.file, "raw");
    const YamlNode* ratio = Needed(query, *raw, keys.ratio_query);
    TRY(query.Finish());
    spec->parts.push_back(reading.RatioPart(*ratio, false, spec));
    return absl::OkStatus();
  }
  YamlReader queries(*events, reading.file, "events");
  const YamlNode* error = Needed(queries, *events, keys.error_query);
  const YamlNode* total = Needed(queries, *events, keys.total_query);
  TRY(queries.Finish());
  SloPart part;
  part.kind = SloPart::Kind::kBad;
  part.query = reading.EventsQuery(*error, false, spec);
  part.total = reading.EventsQuery(*total, false, spec);
  spec->parts.push_back(std::move(part));
  return absl::OkStatus();
}

// What Sloth gives each alert; templates that people have for its alerts read them.
SloLabels SlothAnnotations(std::string_view severity) {
  constexpr std::string_view kBudget =
      "{{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn rate is ";
  return {{"title", fmt::format("({}) {}too fast.", severity, kBudget)},
          {"summary", fmt::format("{}over expected.", kBudget)}};
}

Status AddSide(const YamlNode* node, SloSeverity severity, const SloAlert& common,
               const SloReading& reading, SloSpec* spec) {
  bool disable = false;
  SloAlert alert = common;
  alert.severity = SloSeverityText(severity);
  SloLabels labels;
  SloLabels annotations;
  static const YamlNode kNothing;
  YamlReader reader(node == nullptr ? kNothing : *node, reading.file, alert.severity + " alert");
  reader.Bool("disable", &disable);
  reader.StringMap("labels", &labels);
  reader.StringMap("annotations", &annotations);
  TRY(reader.Finish());
  if (disable) return absl::OkStatus();
  if (common.name.empty()) {
    return InvalidArgument(
        fmt::format("{}:{}:{}: objective {}: alerting needs a name, or disable "
                    "both alerts",
                    spec->file, spec->line, spec->column, Quote(spec->name)));
  }
  alert.labels =
      MergeSloLabels(MergeSloLabels(common.labels, labels), {{"sloth_severity", alert.severity}});
  alert.annotations = MergeSloLabels(
      MergeSloLabels(DefaultAnnotations(*spec, alert.severity), SlothAnnotations(alert.severity)),
      MergeSloLabels(common.annotations, annotations));
  for (const BurnWindows& one : SlothWindows(spec->period.length)) {
    if (one.severity == severity) alert.any_of.push_back(one);
  }
  TRY(reading.CheckAlert(node == nullptr ? kNothing : *node, alert, spec));
  spec->alerts.push_back(std::move(alert));
  return absl::OkStatus();
}

Status ReadAlerting(const YamlNode* node, const SlothKeys& keys, const SloReading& reading,
                    SloSpec* spec) {
  static const YamlNode kNothing;
  YamlReader reader(node == nullptr ? kNothing : *node, reading.file, "alerting");
  SloAlert common;
  reader.String("name", &common.name);
  reader.StringMap("labels", &common.labels);
  reader.StringMap("annotations", &common.annotations);
  const YamlNode* page = reader.Child(keys.page);
  const YamlNode* ticket = reader.Child(keys.ticket);
  TRY(reader.Finish());
  TRY(AddSide(page, SloSeverity::kPage, common, reading, spec));
  return AddSide(ticket, SloSeverity::kTicket, common, reading, spec);
}

Status ReadObjective(const YamlNode& node, const SlothKeys& keys, const std::string& service,
                     const SloLabels& labels, SloReading* reading) {
  SloSpec spec = reading->Begin(node, SloOrigin::kSloth);
  spec.service = service;
  YamlReader reader(node, reading->file, "slo");
  if (!reader.String("name", &spec.slo) || spec.slo.empty()) {
    reader.Fail("name", "an slo needs a name");
  }
  spec.name = service + "-" + spec.slo;
  reader.String("description", &spec.description);
  double percent = 0;
  if (!reader.Double("objective", &percent)) reader.Fail("objective", "an slo needs an objective");
  SloLabels own;
  reader.StringMap("labels", &own);
  const YamlNode* plugins = reader.Child("plugins");
  const YamlNode* sli = reader.Child("sli");
  const YamlNode* alerting = reader.Child("alerting");
  if (sli == nullptr || sli->IsNull()) reader.Fail("sli", "an slo needs an sli");
  TRY(reader.Finish());
  TRY(CheckPlugins(plugins, *reading));
  TRY(CheckObjective(*reading, *node.Find("objective"), percent));
  spec.objective = percent / 100;
  spec.labels = MergeSloLabels(labels, own);
  TRY(CheckSloLabels(*reading, node, spec.labels));
  TRY(ReadIndicator(*sli, keys, *reading, &spec));
  TRY(ReadAlerting(alerting, keys, *reading, &spec));
  reading->specs.push_back(std::move(spec));
  return absl::OkStatus();
}

// service, labels, slos: the file without its version, and the resource's spec.
Status ReadService(YamlReader& reader, const SlothKeys& keys, SloReading* reading) {
  std::string service;
  if (!reader.String("service", &service) || service.empty()) {
    reader.Fail("service", "a service needs a name");
  }
  SloLabels labels;
  reader.StringMap("labels", &labels);
  const YamlNode* plugins = reader.Child(keys.plugins);
  const YamlNode* slos = reader.Child("slos");
  if (slos == nullptr || !slos->IsSequence() || slos->items.empty()) {
    reader.Fail("slos", "slos must be a list of at least one");
  }
  TRY(reader.Finish());
  TRY(CheckPlugins(plugins, *reading));
  for (const YamlNode& slo : slos->items) TRY(ReadObjective(slo, keys, service, labels, reading));
  return absl::OkStatus();
}

}  // namespace

Status ReadSloth(const YamlNode& document, SloReading* reading) {
  YamlReader reader(document, reading->file, "Sloth file");
  std::string version;
  reader.String("version", &version);
  if (version != "prometheus/v1") {
    reader.Fail("version", fmt::format("version {} is not prometheus/v1", Quote(version)));
  }
  return ReadService(reader, kFileKeys, reading);
}

Status ReadSlothResource(const YamlNode& document, SloReading* reading) {
  YamlReader reader(document, reading->file, "PrometheusServiceLevel");
  reader.Child("apiVersion");
  reader.Child("kind");
  reader.Child("metadata");
  reader.Child("status");
  const YamlNode* spec = reader.Child("spec");
  if (spec == nullptr || !spec->IsMap()) reader.Fail("spec", "a spec is needed");
  TRY(reader.Finish());
  YamlReader inner(*spec, reading->file, "spec");
  return ReadService(inner, kResourceKeys, reading);
}

}  // namespace outrider
