// SPDX-License-Identifier: Apache-2.0
// The answers to those who may not, and the page that lets a browser sign in. Pure.
#pragma once

#include <string>
#include <string_view>

#include "exporter/http/server.h"
#include "storage/base/clock.h"

namespace outrider {

// {"status":"error","errorType":…,"error":…}: read by clients of Prometheus' API and of ours.
HttpResponse Refusal(int status, std::string_view message);
// The same as 429 with Retry-After, in whole seconds.
HttpResponse TooMany(std::string_view message, DurationMs wait);
// A form that posts to /outrider/v1/login below `route_prefix`. `next`: where to go then;
// `message`: what went wrong, or "".
HttpResponse LoginPage(int status, std::string_view route_prefix, std::string_view next,
                       std::string_view message);
// A person looks at it: a GET of something that wants HTML and says nothing of who calls.
bool IsBrowser(const HttpRequest& request);
// Only a path of ours: `next` if it is one, else `/`.
std::string SafeNext(std::string_view next);

}  // namespace outrider
