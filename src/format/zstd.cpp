#include "format/zstd.hpp"

#include "core/assert.hpp"

#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <memory>
#include <new>

namespace warren::format {
namespace {

constexpr int window_log_max = 23;
constexpr int level = 1;
constexpr std::size_t first_size_bytes = 4096;

struct Free {
    void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};

std::unique_ptr<ZSTD_DCtx, Free> make_decompressor() {
    std::unique_ptr<ZSTD_DCtx, Free> context{ZSTD_createDCtx()};
    if (context == nullptr) {
        throw std::bad_alloc{};
    }
    ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, window_log_max);
    return context;
}

}  // namespace

std::expected<std::string, InflateError> zstd_decompress(std::span<const std::byte> frame,
                                                         std::size_t size_max) {
    const auto context = make_decompressor();
    std::string text;
    ZSTD_inBuffer in{.src = frame.data(), .size = frame.size(), .pos = 0};
    ZSTD_outBuffer out{.dst = nullptr, .size = 0, .pos = 0};
    while (true) {
        if (out.pos == out.size) {
            // The byte over the limit tells what ends there from what goes on.
            const std::size_t wanted = std::max(2 * out.size, first_size_bytes);
            text.resize(std::min(wanted - 1, size_max) + 1);
            out.dst = text.data();
            out.size = text.size();
        }
        const std::size_t left = ZSTD_decompressStream(context.get(), &out, &in);
        if (ZSTD_getErrorCode(left) == ZSTD_error_memory_allocation) {
            throw std::bad_alloc{};
        }
        if (ZSTD_isError(left) != 0) {
            return std::unexpected{InflateError::malformed};
        }
        if (out.pos > size_max) {
            return std::unexpected{InflateError::over_limit};
        }
        if (left == 0) {
            if (in.pos != in.size) {
                return std::unexpected{InflateError::trailing};
            }
            text.resize(out.pos);
            return text;
        }
        if (in.pos == in.size && out.pos < out.size) {
            return std::unexpected{InflateError::cut_short};
        }
    }
}

std::string zstd_compress(std::string_view text) {
    std::string frame(ZSTD_compressBound(text.size()), '\0');
    const std::size_t size =
        ZSTD_compress(frame.data(), frame.size(), text.data(), text.size(), level);
    if (ZSTD_getErrorCode(size) == ZSTD_error_memory_allocation) {
        throw std::bad_alloc{};
    }
    WARREN_ASSERT(ZSTD_isError(size) == 0);
    frame.resize(size);
    return frame;
}

}  // namespace warren::format
