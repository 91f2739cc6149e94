// SPDX-License-Identifier: Apache-2.0
// YAML 1.1 merge keys (`<<: *anchor`), which the YAML library of Prometheus and Alertmanager knows
// and ours does not.
#pragma once

#include "storage/base/strict_yaml.h"

namespace outrider {

// What `<<` names is added to its map where the map does not say it itself, everywhere in the tree.
void FoldMergeKeys(YamlNode* node);

}  // namespace outrider
