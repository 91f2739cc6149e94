// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "exporter/http/message.h"

struct mg_context;

namespace outrider {

// Stops civetweb and waits for its threads. Its accepting thread looks at the stop flag every two
// seconds only, or when somebody connects: so this connects to the listeners (on IPv4) until the
// stop is done.
void StopCivetweb(mg_context* context, const std::vector<ListenAddress>& listeners);

}  // namespace outrider
