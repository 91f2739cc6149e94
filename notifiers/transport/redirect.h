// SPDX-License-Identifier: Apache-2.0
// What is sent to the place that an answer redirects to, by the rules of Go's client (and of
// Alertmanager's): libcurl's own take the credentials away when only the port or scheme changes.
// Internal to this room.
#pragma once

#include <string>

#include "notifiers/transport/http_client.h"
#include "storage/base/status.h"

namespace outrider {

bool IsRedirect(int status);

// The request that follows `last`, which began as `first`. Credentials go along to the first host
// and hosts below it only, and not again once they were left out. 301, 302 and 303 make a GET of
// it. InvalidArgument: `url` is none.
StatusOr<HttpClientRequest> Redirected(const HttpClientRequest& first,
                                       const HttpClientRequest& last, int status, std::string url);

}  // namespace outrider
