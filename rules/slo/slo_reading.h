// SPDX-License-Identifier: Apache-2.0
// What the readers of the three kinds of files share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/slo/slo_spec.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

// One file under reading. Errors of YAML and schema are returned; those of an expression or a
// template go into the objective's `error`, so that the others run.
struct SloReading {
  std::string file;
  promql::ParseOptions promql;
  std::vector<SloSpec> specs;
  std::vector<std::string> warnings;  // with their place

  Status Error(const YamlNode& node, const std::string& message) const {
    return YamlError(file, node, message);
  }
  void Warn(const YamlNode& node, const std::string& message);
  // A fresh objective that stands at `node`.
  SloSpec Begin(const YamlNode& node, SloOrigin origin) const;

  // The query at `node`; none after an error of PromQL, which is then in `spec->error`.
  std::optional<SloQuery> Query(const YamlNode& node, bool raw_counters, SloSpec* spec) const;
  // The same, of what counts events.
  std::optional<SloQuery> EventsQuery(const YamlNode& node, bool raw_counters, SloSpec* spec) const;
  // A ratio: counted as events where it is a division of counters.
  SloPart RatioPart(const YamlNode& node, bool good, SloSpec* spec) const;
  // Label and annotation names, and their templates.
  Status CheckAlert(const YamlNode& node, const SloAlert& alert, SloSpec* spec) const;
};

// `objective` in percent, above 0 and below 100.
Status CheckObjective(const SloReading& reading, const YamlNode& node, double percent);
// Label names, none of which Outrider sets itself.
Status CheckSloLabels(const SloReading& reading, const YamlNode& node, const SloLabels& labels);
// Reads key by key; the values of `more` win.
SloLabels MergeSloLabels(const SloLabels& base, const SloLabels& more);
// What people read when the file says nothing.
SloLabels DefaultAnnotations(const SloSpec& spec, std::string_view severity);

// The three kinds (slo_entry.cc, sloth_file.cc, openslo_file.cc and openslo_v1alpha.cc).
Status ReadSloEntry(const YamlNode& entry, SloReading* reading);
Status ReadSloth(const YamlNode& document, SloReading* reading);
Status ReadSlothResource(const YamlNode& document, SloReading* reading);
Status ReadOpenSloV1Alpha(const YamlNode& document, SloReading* reading);
Status ReadOpenSlo(const std::vector<const YamlNode*>& documents, SloReading* reading);

}  // namespace outrider
