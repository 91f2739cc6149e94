// SPDX-License-Identifier: Apache-2.0
// Bodies for services that limit the whole request, not a text of it.
#pragma once

#include <functional>
#include <string>

namespace outrider {

// build(text), with the text cut until the body has at most `limit` bytes or nothing is left of it.
std::string FitBody(std::string text, size_t limit,
                    const std::function<std::string(const std::string&)>& build);

}  // namespace outrider
