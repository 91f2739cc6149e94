// SPDX-License-Identifier: Apache-2.0
// What the client commands share: calling a daemon's API, printing tables.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/json.h"
#include "storage/base/status.h"

namespace outrider {

struct ClientOptions;

// Where calls find a token: the token itself, or the path of a file that holds it.
inline constexpr const char* kTokenVariable = "OUTRIDER_TOKEN";
inline constexpr const char* kTokenFileVariable = "OUTRIDER_TOKEN_FILE";

// With the token of the environment, if there is one. The body of the answer. Errors name the URL
// and, for an HTTP error, the server's own text; NotFound for 404.
StatusOr<std::string> CallServer(const std::string& url, const std::string& method,
                                 const std::string& body, DurationMs timeout = 30 * kSecond);
// The same for an answer in JSON.
StatusOr<JsonValue> CallApi(const std::string& url, const std::string& method,
                            const std::string& body, std::string* raw = nullptr);

struct ApiCall {
  std::string url;
  std::string method = "GET";
  std::string body = {};
};
// Calls, and prints the answer as it came (`--output json`) or by `show`. The exit code.
int ShowAnswer(const ClientOptions& client, const ApiCall& call,
               const std::function<void(const JsonValue&)>& show);

using FormFields = std::vector<std::pair<std::string, std::string>>;
std::string EncodeForm(const FormFields& fields);

// Columns padded to their widest cell, on standard output.
void PrintTable(const std::vector<std::string>& header,
                const std::vector<std::vector<std::string>>& rows);

// Prints an error on standard error; returns the exit code 1.
int Fail(const Status& status);

}  // namespace outrider
