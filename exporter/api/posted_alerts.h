// SPDX-License-Identifier: Apache-2.0
// The body of POST /api/v2/alerts, read as it comes: no tree is built, texts stay where they stand
// in the body, but those with escapes. Source: specs/alertmanager.md §3.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "notifiers/config/alertmanager_config.h"
#include "notifiers/desk/incoming.h"

namespace outrider {

// Why a body is refused as a whole.
struct BodyRefusal {
  int status = 400;
  int code = 400;
  std::string message;
};

struct PostedAlerts {
  IncomingAlerts alerts;            // of well-formed names
  std::vector<std::string> errors;  // one per alert with names that no label may have, at most 100
  std::string unescaped;            // texts of `alerts` that do not stand in the body as they are
};

// `*body` is changed, and has to outlive `*posted`. `mode` says which names there may be.
std::optional<BodyRefusal> ReadPostedAlerts(std::string* body, MatcherMode mode,
                                            PostedAlerts* posted);

// What Go's url.ParseRequestURI accepts, as far as it matters: a path or scheme:rest, no control
// characters or spaces in the host, whole percent escapes.
bool IsRequestUri(std::string_view text);

}  // namespace outrider
