using System.Text;
using Microsoft.EntityFrameworkCore;

namespace SecFlow.Data;

/// <summary>Tables and columns in snake case (<c>audit_events.prev_hash</c>), so that SQL needs no quotes on either database. Identity's tables lose their prefix.</summary>
internal static class SnakeCaseNames
{
    public static void Apply(ModelBuilder builder)
    {
        foreach (var entity in builder.Model.GetEntityTypes().Where(entity => !entity.IsMappedToJson()))
        {
            var table = entity.GetTableName()!;
            entity.SetTableName(Of(table.StartsWith("AspNet", StringComparison.Ordinal) ? table["AspNet".Length..] : table));
            foreach (var property in entity.GetProperties())
            {
                property.SetColumnName(Of(property.Name));
            }
        }
    }

    internal static string Of(string name)
    {
        var snake = new StringBuilder(name.Length + 8);
        for (var i = 0; i < name.Length; i++)
        {
            if (i > 0 && char.IsUpper(name[i]) && !char.IsUpper(name[i - 1]))
            {
                snake.Append('_');
            }

            snake.Append(char.ToLowerInvariant(name[i]));
        }

        return snake.ToString();
    }
}
