// SPDX-License-Identifier: Apache-2.0
// Whether those who tell of what runs still do. Without them nothing seems to run and nothing to
// cost: such time is not watched, and is not counted as free.
#pragma once

#include <string_view>

#include "storage/base/clock.h"

namespace outrider {

struct SceneTold {
  bool nodes = false;
  bool containers = false;
  Timestamp newest_use = INT64_MIN;  // of any container; INT64_MIN: nobody tells of use
};

// What is missing.
enum class SceneSilence { kNone, kEverything, kNodes, kContainers, kUse };
// "", "nothing is told of", "nodes are not told of" ...
std::string_view SceneSilenceText(SceneSilence silence);

// Not thread-safe.
class SceneWatch {
 public:
  // Use is sampled at least so often; values are shown for some minutes longer.
  static constexpr DurationMs kOldestUse = 3 * kMinute;
  // What is missing for so long while the rest is there does not come back: it is gone.
  static constexpr DurationMs kPatience = kDay;

  // What there was before a restart.
  void Remember(bool nodes, bool containers);
  // Of the present reading: kNone when all that was there before is there now.
  SceneSilence Judge(const SceneTold& told, Timestamp now);
  // Whether anything ever was there.
  bool SawAnything() const { return nodes_.seen || containers_.seen; }

 private:
  struct Kind {
    bool seen = false;
    Timestamp missing_since = INT64_MIN;
    bool IsMissing(bool there, Timestamp now);
  };
  Kind nodes_;
  Kind containers_;
  Kind use_;
};

}  // namespace outrider
