using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace SecFlow.Architecture.Tests.Imports;

/// <summary>One use of a member or type by a method. Compiler-generated types (closures, state machines) count as the type that they were written in.</summary>
/// <param name="User">Full name of the outermost type that uses.</param>
/// <param name="Type">Full name of the type that is used.</param>
/// <param name="Member">Method or field; empty when only the type is named.</param>
public sealed record Use(string User, string Type, string Member)
{
    public override string ToString() => $"{User} uses {Type}{(Member.Length == 0 ? "" : "." + Member)}";
}

/// <summary>Reads an assembly's metadata and IL: what it really uses, not what its project file says.</summary>
public sealed class AssemblyScan
{
    private static readonly OpCode[] OneByte = new OpCode[256];
    private static readonly OpCode[] TwoBytes = new OpCode[256];
    private readonly MetadataReader _reader;
    private readonly PEReader _file;

    static AssemblyScan()
    {
        foreach (var code in typeof(OpCodes).GetFields().Where(f => f.FieldType == typeof(OpCode)).Select(f => (OpCode)f.GetValue(null)!))
        {
            (code.Size == 1 ? OneByte : TwoBytes)[(byte)code.Value] = code;
        }
    }

    private AssemblyScan(PEReader file)
    {
        _file = file;
        _reader = file.GetMetadataReader();
    }

    /// <summary>Names of the SecFlow assemblies that it refers to.</summary>
    public static IReadOnlyList<string> References(string path)
    {
        using var file = new PEReader(File.OpenRead(path));
        var reader = file.GetMetadataReader();
        return [.. reader.AssemblyReferences.Select(r => reader.GetString(reader.GetAssemblyReference(r).Name)).Where(n => n.StartsWith("SecFlow.", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
    }

    public static IReadOnlyList<Use> Uses(string path)
    {
        using var file = new PEReader(File.OpenRead(path));
        return [.. new AssemblyScan(file).Read().Distinct()];
    }

    /// <summary>Functions that it imports from native libraries: user, library, entry point.</summary>
    public static IReadOnlyList<Use> NativeImports(string path)
    {
        using var file = new PEReader(File.OpenRead(path));
        var scan = new AssemblyScan(file);
        var reader = scan._reader;
        return [.. reader.MethodDefinitions.Select(reader.GetMethodDefinition).Where(m => !m.GetImport().Module.IsNil).Select(m =>
            new Use(scan.Outermost(m.GetDeclaringType()), reader.GetString(reader.GetModuleReference(m.GetImport().Module).Name), reader.GetString(m.GetImport().Name)))];
    }

    private IEnumerable<Use> Read()
    {
        foreach (var handle in _reader.TypeDefinitions)
        {
            var user = Outermost(handle);
            if (user.StartsWith("Coverlet.", StringComparison.Ordinal))
            {
                continue;
            }

            foreach (var method in _reader.GetTypeDefinition(handle).GetMethods().Select(_reader.GetMethodDefinition).Where(m => m.RelativeVirtualAddress != 0))
            {
                foreach (var token in Tokens(_file.GetMethodBody(method.RelativeVirtualAddress).GetILReader()))
                {
                    if (Resolve(token) is var (type, member))
                    {
                        yield return new Use(user, type, member);
                    }
                }
            }
        }
    }

    private static IEnumerable<EntityHandle> Tokens(BlobReader il)
    {
        List<EntityHandle> tokens = [];
        while (il.RemainingBytes > 0)
        {
            var first = il.ReadByte();
            var code = first == 0xFE ? TwoBytes[il.ReadByte()] : OneByte[first];
            switch (code.OperandType)
            {
                case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType:
                    tokens.Add(MetadataTokens.EntityHandle(il.ReadInt32()));
                    break;
                case OperandType.InlineSwitch:
                    var targets = il.ReadInt32();
                    il.Offset += 4 * targets;
                    break;
                case OperandType.InlineI8 or OperandType.InlineR:
                    il.Offset += 8;
                    break;
                case OperandType.InlineNone:
                    break;
                case OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar:
                    il.Offset += 1;
                    break;
                case OperandType.InlineVar:
                    il.Offset += 2;
                    break;
                default:
                    il.Offset += 4;
                    break;
            }
        }

        return tokens;
    }

    private (string Type, string Member)? Resolve(EntityHandle handle) => handle.Kind switch
    {
        HandleKind.MemberReference => Member(_reader.GetMemberReference((MemberReferenceHandle)handle)),
        HandleKind.MethodDefinition => Member(_reader.GetMethodDefinition((MethodDefinitionHandle)handle)),
        HandleKind.FieldDefinition => (TypeName(_reader.GetFieldDefinition((FieldDefinitionHandle)handle).GetDeclaringType()), _reader.GetString(_reader.GetFieldDefinition((FieldDefinitionHandle)handle).Name)),
        HandleKind.MethodSpecification => Resolve(_reader.GetMethodSpecification((MethodSpecificationHandle)handle).Method),
        HandleKind.TypeReference or HandleKind.TypeDefinition => (TypeName(handle), ""),
        _ => null,
    };

    private (string Type, string Member) Member(MemberReference member) => (TypeName(member.Parent), _reader.GetString(member.Name));

    private (string Type, string Member) Member(MethodDefinition method) => (TypeName(method.GetDeclaringType()), _reader.GetString(method.Name));

    private string TypeName(EntityHandle handle)
    {
        switch (handle.Kind)
        {
            case HandleKind.TypeReference:
                var reference = _reader.GetTypeReference((TypeReferenceHandle)handle);
                return reference.ResolutionScope.Kind == HandleKind.TypeReference
                    ? TypeName(reference.ResolutionScope)
                    : Full(_reader.GetString(reference.Namespace), _reader.GetString(reference.Name));
            case HandleKind.TypeDefinition:
                return Outermost((TypeDefinitionHandle)handle);
            default:
                // Generic instances and arrays: their own members are of the runtime's types and say nothing about borders.
                return "";
        }
    }

    private string Outermost(TypeDefinitionHandle handle)
    {
        var type = _reader.GetTypeDefinition(handle);
        while (!type.GetDeclaringType().IsNil)
        {
            type = _reader.GetTypeDefinition(type.GetDeclaringType());
        }

        return Full(_reader.GetString(type.Namespace), _reader.GetString(type.Name));
    }

    private static string Full(string space, string name) => space.Length == 0 ? name : $"{space}.{name}";
}
