// SPDX-License-Identifier: Apache-2.0
// OpenSLO's documents as a table of named objects, and the small values they are made of.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/slo/slo_reading.h"

namespace outrider {

// One document, or an object written inline.
struct OpenSloObject {
  std::string name;
  std::string display_name;
  SloLabels annotations;
  const YamlNode* spec = nullptr;
};

// Reads apiVersion, kind (of which `kind` is demanded unless empty), metadata and spec. Inline
// objects need no apiVersion.
StatusOr<OpenSloObject> ReadOpenSloObject(const YamlNode& node, const SloReading& reading,
                                          std::string_view kind);

// The objects of a file by kind and name. References are looked up in the same file.
class OpenSloObjects {
 public:
  Status Add(const YamlNode& document, const SloReading& reading);
  // The object `node` names, a text; or an error at it.
  StatusOr<OpenSloObject> Find(std::string_view kind, const YamlNode& node,
                               const SloReading& reading) const;
  const std::vector<OpenSloObject>& slos() const { return slos_; }
  const std::vector<const YamlNode*>& slo_nodes() const { return slo_nodes_; }

 private:
  std::map<std::pair<std::string, std::string>, OpenSloObject> objects_;
  std::vector<OpenSloObject> slos_;
  std::vector<const YamlNode*> slo_nodes_;  // as slos_
};

// `30d`, `1M`: a number and one of m h d w M Q Y.
struct OpenSloDuration {
  int64_t count = 0;
  char unit = 'd';
  // Nothing for months, quarters and years, whose length varies.
  std::optional<DurationMs> Fixed() const;
};
std::optional<OpenSloDuration> ParseOpenSloDuration(std::string_view text);

std::optional<SloOp> FindOpenSloOp(std::string_view text);  // lte gte lt gt

}  // namespace outrider
