// SPDX-License-Identifier: Apache-2.0
// The clients with a guard on every call (address_guard.h), so that no channel can forget it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "notifiers/transport/http_client.h"
#include "notifiers/transport/smtp_client.h"

namespace outrider {

// `allowed_networks` (CIDR) are open beside the Internet. `inner` outlives the result.
std::unique_ptr<HttpClient> GuardHttp(HttpClient& inner, std::vector<std::string> allowed_networks);
std::unique_ptr<SmtpClient> GuardSmtp(SmtpClient& inner, std::vector<std::string> allowed_networks);

}  // namespace outrider
