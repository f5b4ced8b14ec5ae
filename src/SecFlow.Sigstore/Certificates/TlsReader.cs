using System.Buffers.Binary;

namespace SecFlow.Sigstore.Certificates;

/// <summary>Reads the fixed and the length-prefixed fields of TLS structures. Throws <see cref="FormatException"/> when bytes are missing.</summary>
internal sealed class TlsReader(ReadOnlyMemory<byte> rest)
{
    public ReadOnlyMemory<byte> Rest { get; private set; } = rest;

    public bool IsEmpty => Rest.IsEmpty;

    public ReadOnlyMemory<byte> Bytes(int count)
    {
        var bytes = count <= Rest.Length ? Rest[..count] : throw new FormatException("a list that ends too early");
        Rest = Rest[count..];
        return bytes;
    }

    /// <summary>A field with its length in two bytes before it.</summary>
    public TlsReader Vector() => new(Bytes(BinaryPrimitives.ReadUInt16BigEndian(Bytes(2).Span)));
}
