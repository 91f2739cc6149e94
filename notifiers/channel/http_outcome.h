// SPDX-License-Identifier: Apache-2.0
// What an HTTP answer means for a message: 2xx delivered; 5xx, 408, 429 and no answer are tried
// again (Retry-After is honoured); anything else is final. Source: specs/incidents_oncall_slo.md
// §3.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "notifiers/channel/channel.h"
#include "notifiers/transport/http_client.h"

namespace outrider {

// `now` is for Retry-After dates. The status and the start of the answer stand in the result, with
// the request's secrets taken out, delivered or not. The reason quotes the start of the answer,
// with the request's secrets taken out.
SendResult HttpOutcome(const HttpClientRequest& request,
                       const StatusOr<HttpClientResponse>& response, Nanos now);

// A failure before anything was sent: that of a template is final, as in Alertmanager; an
// unreadable file of a secret (Unavailable) is tried again.
SendResult NotSendable(const Status& status);

// The path of a URL that is a secret, and what of it may be a token: a far side may quote them
// alone.
std::vector<std::string> SecretPartsOf(const std::string& url);

// A foreign text with the request's secrets taken out, also as they were sent (Base64).
std::string WithoutSecrets(const HttpClientRequest& request, std::string text);

// The start of a foreign text on one line, for reasons, without the request's secrets.
std::string Excerpt(const HttpClientRequest& request, std::string_view text);

}  // namespace outrider
