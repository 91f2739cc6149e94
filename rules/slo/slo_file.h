// SPDX-License-Identifier: Apache-2.0
// Analytics files as far as they hold objectives: entries `kind: slo` of our own schema, Sloth's
// files and resources, OpenSLO documents. A file is of one kind; it may have several documents.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/slo/alert_windows.h"
#include "rules/slo/slo_spec.h"

namespace outrider {

struct SloFile {
  bool own_schema =
      true;  // also read it with ParseAnalyticsFile, which passes entries of SLOs over
  std::vector<SloSpec> specs;
  std::vector<AlertWindows> windows;
  std::vector<std::string> warnings;  // what is there and has no effect; with its place
};

// Errors of YAML and schema name `file:line:column`; all parts that are not supported are refused.
// An expression or template that is wrong is no error here: the objective carries it.
StatusOr<SloFile> ParseSloFile(std::string_view text, const std::string& file,
                               const promql::ParseOptions& promql = {});

// The objectives of all files, with the windows of their catalogues. Fails if a name is there
// twice, or an objective has an alert that can never fire.
StatusOr<std::vector<SloSpec>> CombineSlos(std::span<const SloFile> files);

}  // namespace outrider
