// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/slo_file.h"

#include <algorithm>
#include <map>

#include "fmt/format.h"
#include "rules/slo/slo_reading.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::string_view kSlothApi = "sloth.slok.dev/v1";

std::string_view Scalar(const YamlNode& node, std::string_view key) {
  const YamlNode* value = node.Find(key);
  return value != nullptr && value->IsScalar() ? std::string_view(value->scalar)
                                               : std::string_view();
}

Status ReadEntries(const YamlNode& document, SloReading* reading) {
  const YamlNode* entries = document.Find("entries");
  if (entries == nullptr) return absl::OkStatus();
  for (const YamlNode& entry : entries->items) {
    if (Scalar(entry, "kind") == "slo") TRY(ReadSloEntry(entry, reading));
  }
  return absl::OkStatus();
}

Status ReadForeign(const YamlNode& document, SloReading* reading, SloFile* out,
                   std::vector<const YamlNode*>* openslo) {
  const std::string_view api = Scalar(document, "apiVersion");
  const std::string_view kind = Scalar(document, "kind");
  if (document.Find("version") != nullptr) return ReadSloth(document, reading);
  if (api == "openslo/v1alpha") return ReadOpenSloV1Alpha(document, reading);
  if (api.starts_with("openslo/")) {
    openslo->push_back(&document);
    return absl::OkStatus();
  }
  if (api == kSlothApi && kind == "PrometheusServiceLevel") {
    return ReadSlothResource(document, reading);
  }
  if (api == kSlothApi && kind == "AlertWindows") {
    out->windows.push_back(TRY(ReadAlertWindows(document, reading->file)));
    return absl::OkStatus();
  }
  return reading->Error(
      document, fmt::format("a document of apiVersion {}, kind {} is not known: objectives are "
                            "entries, Sloth's (version: prometheus/v1 or apiVersion: {}) or "
                            "OpenSLO's",
                            Quote(api), Quote(kind), std::string(kSlothApi)));
}

bool IsForeign(const YamlNode& document) {
  return document.Find("version") != nullptr || document.Find("apiVersion") != nullptr;
}

// The catalogue's windows in place of the built-in ones. Pyrra's and OpenSLO's are others.
void UseCatalogue(const std::vector<BurnWindows>& windows, SloSpec* spec) {
  const std::vector<BurnWindows> built_in = SlothWindows(spec->period.length);
  for (SloAlert& alert : spec->alerts) {
    const bool replaceable = std::ranges::all_of(alert.any_of, [&](const BurnWindows& one) {
      return std::ranges::find(built_in, one) != built_in.end();
    });
    if (!replaceable) continue;
    alert.any_of.clear();
    for (const BurnWindows& one : windows) {
      if (SloSeverityText(one.severity) == alert.severity) alert.any_of.push_back(one);
    }
  }
}

bool SameIdentity(const SloAlert& a, const SloAlert& b) {
  return a.name == b.name &&
         std::map(a.labels.begin(), a.labels.end()) == std::map(b.labels.begin(), b.labels.end());
}

// Windows longer than the period say nothing about it; nor do alerts that nothing can reach. Two
// alerts with the same name and labels are one to whoever is told: the end of one ends the other.
Status CheckAlerts(const SloSpec& spec) {
  const std::string place =
      fmt::format("{}:{}:{}: objective {}", spec.file, spec.line, spec.column, Quote(spec.name));
  for (const SloAlert& alert : spec.alerts) {
    const auto alike = std::ranges::count_if(
        spec.alerts, [&](const SloAlert& other) { return SameIdentity(alert, other); });
    if (alike > 1) {
      return InvalidArgument(fmt::format(
          "{}: two alerts named {} have the same labels, so that nobody can tell one from the "
          "other; give each a label of its own",
          place, Quote(alert.name)));
    }
    if (alert.op.starts_with('>')) {
      const Status can_fire = CheckCanFire(alert.any_of, spec.objective, alert.op == ">=");
      if (!can_fire.ok()) return Annotate(can_fire, place);
    }
    for (const BurnWindows& windows : alert.any_of) {
      if (windows.long_window <= spec.period.length) continue;
      return InvalidArgument(fmt::format(
          "{}: the {} alert looks back {}, longer than the period of {}; disable it, or give "
          "windows that fit",
          place, alert.severity, FormatDuration(windows.long_window),
          FormatDuration(spec.period.length)));
    }
  }
  return absl::OkStatus();
}

}  // namespace

StatusOr<SloFile> ParseSloFile(std::string_view text, const std::string& file,
                               const promql::ParseOptions& promql) {
  const std::vector<YamlNode> documents = TRY(ParseYamlDocuments(text, file));
  SloFile out;
  SloReading reading{.file = file, .promql = promql, .specs = {}, .warnings = {}};
  out.own_schema = std::ranges::none_of(documents, IsForeign);
  if (out.own_schema) {
    if (documents.size() > 1) {
      return YamlError(file, documents[1], "an analytics file is one document");
    }
    for (const YamlNode& document : documents) TRY(ReadEntries(document, &reading));
  } else {
    std::vector<const YamlNode*> openslo;
    for (const YamlNode& document : documents) {
      TRY(ReadForeign(document, &reading, &out, &openslo));
    }
    if (!openslo.empty()) TRY(ReadOpenSlo(openslo, &reading));
  }
  out.specs = std::move(reading.specs);
  out.warnings = std::move(reading.warnings);
  return out;
}

StatusOr<std::vector<SloSpec>> CombineSlos(std::span<const SloFile> files) {
  std::map<DurationMs, const AlertWindows*> catalogue;
  for (const SloFile& file : files) {
    for (const AlertWindows& windows : file.windows) {
      const auto [it, is_new] = catalogue.try_emplace(windows.period, &windows);
      if (is_new) continue;
      return InvalidArgument(
          fmt::format("{}: a second catalogue of alert windows for {}; the "
                      "first is at {}",
                      windows.place, FormatDuration(windows.period), it->second->place));
    }
  }
  std::map<std::string, const SloSpec*> names;
  std::vector<SloSpec> all;
  for (const SloFile& file : files) {
    for (const SloSpec& spec : file.specs) {
      const auto [it, is_new] = names.try_emplace(spec.name, &spec);
      if (!is_new) {
        return InvalidArgument(fmt::format(
            "{}:{}:{}: a second objective named {}; the first is at {}:{}:{}", spec.file, spec.line,
            spec.column, Quote(spec.name), it->second->file, it->second->line, it->second->column));
      }
      SloSpec& own = all.emplace_back(spec);
      const auto found = catalogue.find(own.period.length);
      if (found != catalogue.end()) UseCatalogue(found->second->windows, &own);
      TRY(CheckAlerts(own));
      FillWindows(&own);
    }
  }
  return all;
}

}  // namespace outrider
