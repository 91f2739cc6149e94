// SPDX-License-Identifier: Apache-2.0
#include "rules/cost/scene_watch.h"

namespace outrider {

std::string_view SceneSilenceText(SceneSilence silence) {
  switch (silence) {
    using enum SceneSilence;
    case kNone:
      return "";
    case kEverything:
      return "nothing is told of";
    case kNodes:
      return "nodes are not told of";
    case kContainers:
      return "containers are not told of";
    case kUse:
      return "use is not told of";
  }
  return "";
}

void SceneWatch::Remember(bool nodes, bool containers) {
  nodes_.seen = nodes_.seen || nodes;
  containers_.seen = containers_.seen || containers;
}

bool SceneWatch::Kind::IsMissing(bool there, Timestamp now) {
  if (there || !seen) {
    seen = there;
    missing_since = INT64_MIN;
    return false;
  }
  if (missing_since == INT64_MIN || missing_since > now) missing_since = now;
  if (now - missing_since < kPatience) return true;
  *this = Kind();
  return false;
}

SceneSilence SceneWatch::Judge(const SceneTold& told, Timestamp now) {
  if (!told.nodes && !told.containers) return SceneSilence::kEverything;
  const bool fresh = told.newest_use != INT64_MIN && told.newest_use >= now - kOldestUse;
  // Each remembers its own, whatever is said.
  const bool nodes = nodes_.IsMissing(told.nodes, now);
  const bool containers = containers_.IsMissing(told.containers, now);
  const bool use = use_.IsMissing(fresh, now);
  if (nodes) return SceneSilence::kNodes;
  if (containers) return SceneSilence::kContainers;
  return use ? SceneSilence::kUse : SceneSilence::kNone;
}

}  // namespace outrider
