#include "format/deflate.hpp"

#include "core/assert.hpp"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>
#include <utility>

namespace warren::format {
namespace {

constexpr std::size_t first_size_bytes = 4096;
// What one stream has needed more than this for is given back before the next.
constexpr std::size_t kept_bytes_max = std::size_t{64} << 10;
// zlib counts what it is given in 32 bits.
constexpr std::size_t step_bytes_max = std::numeric_limits<uInt>::max();
constexpr int memory_level = 8;  // zlib's own default

void require(int outcome) {
    if (outcome == Z_MEM_ERROR) {
        throw std::bad_alloc{};
    }
    WARREN_ASSERT(outcome == Z_OK);
}

uInt step_of(std::size_t size_bytes) noexcept {
    return static_cast<uInt>(std::min(size_bytes, step_bytes_max));
}

/// What zlib calls a window: that of a size, with one of its headers.             [inflateInit2]
int window_of(DeflateWrapping wrapping) noexcept {
    constexpr int of_gzip = 16;
    return wrapping == DeflateWrapping::gzip ? MAX_WBITS + of_gzip : MAX_WBITS;
}

/// zlib's input is not const, and not changed either.
Bytef* input_of(const void* bytes) noexcept {
    return static_cast<Bytef*>(const_cast<void*>(bytes));
}

}  // namespace

std::string_view message_of(InflateError error) noexcept {
    switch (error) {
    case InflateError::malformed:
        return "it is no valid zlib stream";
    case InflateError::cut_short:
        return "the zlib stream is cut short";
    case InflateError::trailing:
        return "something follows the zlib stream";
    case InflateError::over_limit:
        return "it inflates to more bytes than are taken";
    }
    std::unreachable();
}

struct Inflater::State {
    explicit State(DeflateWrapping wrapping) {
        require(inflateInit2(&stream, window_of(wrapping)));
    }
    ~State() { inflateEnd(&stream); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    z_stream stream{};
};

Inflater::Inflater(DeflateWrapping wrapping) : state_{std::make_unique<State>(wrapping)} {}
Inflater::~Inflater() = default;
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;

std::expected<std::string_view, InflateError> Inflater::inflate(std::span<const std::byte> input,
                                                                std::size_t size_max) {
    if (out_.size() > kept_bytes_max) {
        out_ = {};
    }
    z_stream& stream = state_->stream;
    require(inflateReset(&stream));
    stream.next_in = input_of(input.data());
    std::size_t input_left = input.size();
    std::size_t size_bytes = 0;
    while (true) {
        if (size_bytes == out_.size()) {
            // The byte over the limit tells what ends there from what goes on.
            const std::size_t wanted = std::max(2 * size_bytes, first_size_bytes);
            out_.resize(std::min(wanted - 1, size_max) + 1);
        }
        const uInt given = step_of(input_left);
        const uInt room = step_of(out_.size() - size_bytes);
        stream.avail_in = given;
        stream.avail_out = room;
        stream.next_out = reinterpret_cast<Bytef*>(out_.data() + size_bytes);
        const int outcome = ::inflate(&stream, Z_NO_FLUSH);
        input_left -= given - stream.avail_in;
        size_bytes += room - stream.avail_out;
        if (size_bytes > size_max) {
            return std::unexpected{InflateError::over_limit};
        }
        switch (outcome) {
        case Z_OK:
            break;
        case Z_STREAM_END:
            if (input_left != 0) {
                return std::unexpected{InflateError::trailing};
            }
            return std::string_view{out_.data(), size_bytes};
        case Z_BUF_ERROR:  // there was room, so there was no input
            return std::unexpected{InflateError::cut_short};
        case Z_MEM_ERROR:
            throw std::bad_alloc{};
        default:
            return std::unexpected{InflateError::malformed};
        }
    }
}

struct Deflater::State {
    State(DeflateWrapping wrapping, int level) {
        require(deflateInit2(&stream, level, Z_DEFLATED, window_of(wrapping), memory_level,
                             Z_DEFAULT_STRATEGY));
    }
    ~State() { deflateEnd(&stream); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    z_stream stream{};
};

Deflater::Deflater(DeflateWrapping wrapping, int level)
    : state_{std::make_unique<State>(wrapping, level)} {}
Deflater::~Deflater() = default;
Deflater::Deflater(Deflater&&) noexcept = default;
Deflater& Deflater::operator=(Deflater&&) noexcept = default;

void Deflater::append(std::string& out, std::string_view text) {
    z_stream& stream = state_->stream;
    require(deflateReset(&stream));
    const std::size_t start = out.size();
    out.resize(start + deflateBound(&stream, text.size()));
    stream.next_in = input_of(text.data());
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + start);
    std::size_t input_left = text.size();
    std::size_t room_left = out.size() - start;
    int outcome = Z_OK;
    while (outcome != Z_STREAM_END) {
        const uInt given = step_of(input_left);
        const uInt room = step_of(room_left);
        stream.avail_in = given;
        stream.avail_out = room;
        outcome = deflate(&stream, given == input_left ? Z_FINISH : Z_NO_FLUSH);
        WARREN_ASSERT(outcome == Z_OK || outcome == Z_STREAM_END);
        input_left -= given - stream.avail_in;
        room_left -= room - stream.avail_out;
    }
    out.resize(out.size() - room_left);
}

}  // namespace warren::format
