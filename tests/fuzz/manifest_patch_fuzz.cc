// SPDX-License-Identifier: Apache-2.0
// Any bytes as a manifest: an error or a text that can be patched again without a change; never a
// crash. That a result reads as what was meant is checked by PatchManifest itself; it fails so for
// what the parser takes although it is no YAML.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "exporter/advice/manifest_patch.h"
#include "exporter/advice/unified_diff.h"
#include "tests/exporter/advice/sample_report.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::vector<outrider::Recommendation> rows = [] {
    std::vector<outrider::Recommendation> all = outrider::SampleReport().rows;
    all[0].replicas =
        outrider::ReplicaAdvice{4, outrider::ReplicaAdvice::Hpa{0.65, 2, 12}, "follows the day"};
    return all;
  }();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto patched = outrider::PatchManifest(text, "fuzz.yaml", rows, {});
  if (!patched.ok()) return 0;
  outrider::UnifiedDiff(text, patched->text, "a", "b");
  const auto again = outrider::PatchManifest(patched->text, "fuzz.yaml", rows, {});
  if (!again.ok() || again->text != patched->text) __builtin_trap();
  return 0;
}
