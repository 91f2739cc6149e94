// SPDX-License-Identifier: Apache-2.0
// URLs as messages, logs and notes may show them.
#pragma once

#include <string>

namespace outrider {

// `https://host:port`: for URLs whose path or query may be secret, as those of webhooks.
std::string PublicPart(const std::string& url);

// `https://host:port/path`, without user, password, query and fragment: for URLs of servers that
// a person gave, who wants to see the path again.
std::string ShownUrl(const std::string& url);

// `user:password`, decoded: not to be shown. "" when there is none.
std::string UserInfoOf(const std::string& url);

}  // namespace outrider
