namespace Ops.Picking.Tests;

public sealed class ProgramTableTests
{
    [Fact]
    public void Service_adds_up_by_tenant_and_program()
    {
        var table = new ProgramTable();
        table.Add("a", "run-1", 100);
        table.Add("a", "run-1", 50);
        table.Add("b", "run-1", 7);

        table.ServiceOf("a", "run-1").ShouldBe(150);
        table.ServiceOf("b", "run-1").ShouldBe(7, "another tenant's program of the same name is another program");
        table.ServiceOf("a", "run-2").ShouldBe(0);
    }

    [Fact]
    public void It_is_bounded_and_forgets_what_was_not_used_longest()
    {
        var table = new ProgramTable(capacity: 3);
        foreach (var program in (string[])["1", "2", "3", "1", "4"])
            table.Add("a", program, 10);

        table.Count.ShouldBe(3);
        table.ServiceOf("a", "1").ShouldBe(20);
        table.ServiceOf("a", "2").ShouldBe(0);
    }
}
